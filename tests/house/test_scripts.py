"""The browser's scripts."""

import re

from tests.house.tree import ROOT, tracked

# What makes an element: put into a text it would read "[object HTMLTimeElement]".
MAKES_AN_ELEMENT = re.compile(r"\$\{(?:moment|h|icon)\(")


def test_no_element_is_put_into_a_text() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked("static/js/*.js")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if MAKES_AN_ELEMENT.search(line)
    ]

    assert found == []
