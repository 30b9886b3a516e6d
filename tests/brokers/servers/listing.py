"""What the test exchange lists: shares and options under their OCC names, each with a number of its own."""

from dataclasses import dataclass
from decimal import Decimal

from allcore.kernel.errors import InvalidInputError
from allcore.kernel.instruments import OptionContract, TickRule

FIRST_NUMBER = 265_598  # as the first share of a well-known broker's list
COMBO_TICK = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Instrument:
    """One listed thing. `option` is None for a share; `number` stays the same for as long as the exchange lives."""

    symbol: str
    number: int
    option: OptionContract | None = None

    @property
    def underlying(self) -> str:
        return self.symbol if self.option is None else self.option.root

    @property
    def multiplier(self) -> int:
        return 1 if self.option is None else 100

    def tick_at(self, price: Decimal) -> Decimal:
        """Return the price step: shares in cents, options by the penny programme."""
        return (TickRule.CENT if self.option is None else TickRule.PENNY).tick_at(price)


def option_of(symbol: str) -> OptionContract | None:
    """Return the option that the symbol names, or None for a share."""
    try:
        return OptionContract.parse(symbol)
    except InvalidInputError:
        return None


class Listing:
    """All instruments, by symbol and by number. What is shown a price is listed by that."""

    def __init__(self) -> None:
        self._by_symbol: dict[str, Instrument] = {}
        self._by_number: dict[int, Instrument] = {}

    def add(self, symbol: str) -> Instrument:
        """List the symbol, once; an option's underlying comes first."""
        if symbol in self._by_symbol:
            return self._by_symbol[symbol]
        option = option_of(symbol)
        if option is not None:
            self.add(option.root)
        instrument = Instrument(symbol, FIRST_NUMBER + len(self._by_symbol), option)
        self._by_symbol[symbol] = self._by_number[instrument.number] = instrument
        return instrument

    def named(self, symbol: str) -> Instrument | None:
        return self._by_symbol.get(symbol)

    def numbered(self, number: int) -> Instrument | None:
        return self._by_number.get(number)

    def options_on(self, underlying: str) -> list[Instrument]:
        """Return the options listed on the underlying, by name."""
        listed = [i for i in self._by_symbol.values() if i.option is not None and i.option.root == underlying]
        return sorted(listed, key=lambda i: i.symbol)
