"""Price steps: each instrument's own rule where somebody knows it, else the exchanges' general one."""

from collections.abc import Callable, Iterable
from decimal import Decimal

from allcore.kernel.instruments import TickRule
from brokers.paper.contracts import option_named

CENT_EVERYWHERE = frozenset({"SPY", "QQQ", "IWM"})  # classes whose options step by a cent at every price

RuleOf = Callable[[str], TickRule | None]


def listed_rule(symbol: str) -> TickRule:
    """Return the exchanges' general rule: shares and three classes by a cent, others as the penny program has it."""
    option = option_named(symbol)
    return TickRule.CENT if option is None or option.root in CENT_EVERYWHERE else TickRule.PENNY


def nobody_knows(symbol: str) -> TickRule | None:
    """Know no instrument's own rule."""


class TickBook:
    """The rules of the symbols that were asked about. `rule_of` may block, so it is asked beforehand and once."""

    def __init__(self, rule_of: RuleOf = nobody_knows) -> None:
        self._rule_of = rule_of
        self._rules: dict[str, TickRule] = {}

    def unknown(self, symbols: Iterable[str]) -> list[str]:
        """Return the symbols still to be learnt."""
        return [symbol for symbol in symbols if symbol not in self._rules]

    def learn(self, symbols: Iterable[str]) -> None:
        """Ask for the rules. Blocks."""
        for symbol in symbols:
            self._rules[symbol] = self._rule_of(symbol) or listed_rule(symbol)

    def tick(self, symbol: str, price: Decimal) -> Decimal:
        """Return the symbol's step at the price."""
        return (self._rules.get(symbol) or listed_rule(symbol)).tick_at(price)
