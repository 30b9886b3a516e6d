"""Small files: what cannot be read at one sitting is not reviewed."""

from statistics import median

from tests.house.tree import modules, name_of, tracked

MOST_LINES = 300


def lines(text: str) -> int:
    return len(text.splitlines())


def test_no_module_is_longer_than_the_budget() -> None:
    sizes = {
        name_of(path): lines(path.read_text(encoding="utf-8")) for path in (*modules(), *tracked("static/js/**.js"))
    }

    assert {name: size for name, size in sizes.items() if size > MOST_LINES} == {}


def test_the_usual_module_is_short() -> None:
    sizes = [size for path in modules() if (size := lines(path.read_text(encoding="utf-8")))]

    assert median(sizes) < 150
