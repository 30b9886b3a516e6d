"""E*TRADE speaks XML where a path does not end in .json: the same fields, lists as repeated elements."""

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET


def read_xml(text: str) -> dict[str, Any]:
    """Return the document as the JSON would be; every value is a text."""
    root = ET.fromstring(text)
    return {root.tag: _read(root)}


def _read(element: ET.Element) -> Any:
    if len(element) == 0:
        return (element.text or "").strip()
    found: dict[str, Any] = {}
    for child in element:
        value = _read(child)
        if child.tag in found:
            before = found[child.tag]
            found[child.tag] = [*before, value] if isinstance(before, list) else [before, value]
        else:
            found[child.tag] = value
    return found


def write_xml(body: Mapping[str, Any]) -> str:
    """Return the document."""
    ((name, content),) = body.items()
    root = ET.Element(name)
    _write(root, content)
    return ET.tostring(root, encoding="unicode", xml_declaration=True)


def _write(parent: ET.Element, content: Any) -> None:
    if not isinstance(content, Mapping):
        parent.text = str(content).lower() if isinstance(content, bool) else str(content)
        return
    for name, value in content.items():
        for one in value if isinstance(value, list) else [value]:
            _write(ET.SubElement(parent, name), one)
