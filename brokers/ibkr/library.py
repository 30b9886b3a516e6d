"""The one place that knows which client library is installed: `ib_async`, or `ib_insync` in its stead, never both.

Of the library only the transport, the decoder and the request encoders are used; what an order's state is, we decide
ourselves, because both libraries take harmless notices for cancellations.
"""

import asyncio
import contextlib
import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from allcore.kernel.errors import InvalidInputError
from brokers.terms import Looks

LIBRARIES = ("ib_async", "ib_insync")


class LibraryError(InvalidInputError):
    """No client library can be used."""

    code = "IBKR_LIBRARY"


@dataclass(frozen=True, slots=True)
class Library:
    """What is used of the library."""

    name: str
    client: Any
    contract: Any
    combo_leg: Any
    order: Any
    execution_filter: Any
    tag_value: Any
    conditions: Mapping[Looks, Any]


def load(name: str = "") -> Library:
    """Return the library named, or the one that is installed.

    Raises:
        LibraryError: it is not installed, or both are: they overwrite each other's event package.
    """
    installed = [library for library in LIBRARIES if find_spec(library) is not None]
    if len(installed) > 1:
        raise LibraryError(f"{' and '.join(installed)} are installed together; remove one.")
    if not installed or (name and name not in installed):
        raise LibraryError(f"The client library {name or LIBRARIES[0]} is not installed.", library=name)
    with _some_loop():
        found = importlib.import_module(installed[0])
        client = importlib.import_module(f"{installed[0]}.client")
    return Library(
        name=installed[0],
        client=client.Client,
        contract=found.Contract,
        combo_leg=found.ComboLeg,
        order=found.Order,
        execution_filter=found.ExecutionFilter,
        tag_value=found.TagValue,
        conditions={
            Looks.PRICE: found.PriceCondition,
            Looks.TIME: found.TimeCondition,
            Looks.MARGIN: found.MarginCondition,
            Looks.VOLUME: found.VolumeCondition,
            Looks.PERCENT_CHANGE: found.PercentChangeCondition,
        },
    )


@contextlib.contextmanager
def _some_loop() -> Iterator[None]:
    """`ib_insync` asks for the thread's loop when it is imported, and fails if none is set."""
    if _is_running():
        yield
        return
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def _is_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
