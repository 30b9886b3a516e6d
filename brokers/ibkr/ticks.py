"""The decoder's callbacks of market data, passed on to whoever has subscribed. Spelled as the decoder calls them."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from brokers.ibkr.depth_rows import Row
from brokers.ibkr.readings import count_of, number_of


class Ticks:
    """What is quoted on one line."""

    ticks: Callable[[int, int, Decimal | None, int | None], None] | None = None
    greeks: Callable[[int, int, tuple[float, ...]], None] | None = None
    levels: Callable[[int, Row], None] | None = None
    kinds: Callable[[int, int], None] | None = None  # whether a subscription's quotes are live

    def priceSizeTick(self, number: int, kind: int, price: float, size: float) -> None:  # noqa: N802
        """A price and its size."""
        if self.ticks is not None:
            self.ticks(number, kind, number_of(price), count_of(size))

    def tickSize(self, number: int, kind: int, size: float) -> None:  # noqa: N802
        """A size alone."""
        if self.ticks is not None:
            self.ticks(number, kind, None, count_of(size))

    def tickGeneric(self, number: int, kind: int, value: float) -> None:  # noqa: N802
        """A number, such as whether trading is halted."""
        if self.ticks is not None:
            self.ticks(number, kind, None, count_of(value))

    def marketDataType(self, number: int, kind: int) -> None:  # noqa: N802
        """Whether what follows is live, frozen or delayed."""
        if self.kinds is not None:
            self.kinds(number, kind)

    def tickOptionComputation(self, number: int, kind: int, _: int, *values: float) -> None:  # noqa: N802
        """Model values of an option."""
        if self.greeks is not None:
            self.greeks(number, kind, values)

    def updateMktDepth(self, number: int, *row: Any) -> None:  # noqa: N802
        """One row of a book: position, operation, side, price, size."""
        position, *rest = row
        self.updateMktDepthL2(number, position, "", *rest)

    def updateMktDepthL2(self, number: int, *row: Any) -> None:  # noqa: N802
        """One row of a book: position, market maker, operation, side, price, size, whether of all exchanges."""
        if self.levels is not None:
            position, maker, operation, side, price, size, *_ = row
            self.levels(number, Row(position, maker, operation, side == 1, number_of(price), count_of(size)))
