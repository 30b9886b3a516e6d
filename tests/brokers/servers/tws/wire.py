"""The text protocol's frames and fields: a length, then fields that each end with a zero byte."""

import asyncio
import struct
from collections.abc import Iterator

MOST_BYTES = 1 << 20


class ProtocolError(Exception):
    """The client sent what the real gateway would not understand."""


async def read_frame(reader: asyncio.StreamReader) -> list[str]:
    """Return the next frame's fields."""
    (length,) = struct.unpack(">I", await reader.readexactly(4))
    if length > MOST_BYTES:
        raise ProtocolError(f"A frame of {length} bytes.")
    return (await reader.readexactly(length)).decode().split("\0")[:-1]


def frame(*fields: object) -> bytes:
    """Return the fields as a frame."""
    body = "".join(f"{_text(field)}\0" for field in fields).encode()
    return struct.pack(">I", len(body)) + body


def _text(field: object) -> str:
    if field is None:
        return ""
    if isinstance(field, bool):
        return "1" if field else "0"
    return str(field)


class Reader:
    """A request's fields, taken one by one. What is missing, or left over, is a protocol error."""

    def __init__(self, fields: list[str]) -> None:
        self._fields: Iterator[str] = iter(fields)
        self._taken: list[str] = []

    def take(self, name: str) -> str:
        """Return the next field."""
        try:
            value = next(self._fields)
        except StopIteration:
            raise ProtocolError(f"The field {name} is missing, after {self._taken[-3:]}.") from None
        self._taken.append(name)
        return value

    def number(self, name: str) -> int:
        """Return the next field, a whole number; an empty one is zero."""
        text = self.take(name)
        try:
            return int(text or 0)
        except ValueError:
            raise ProtocolError(f"The field {name} is a whole number, was {text!r}.") from None

    def into(self, wanted: dict[str, str], names: str) -> None:
        """Take the named fields into a mapping."""
        for name in names.split():
            wanted[name] = self.take(name)

    def end(self) -> None:
        """Refuse what is left over."""
        if left := list(self._fields):
            raise ProtocolError(f"{len(left)} fields too many after {self._taken[-3:]}: {left[:5]}.")
