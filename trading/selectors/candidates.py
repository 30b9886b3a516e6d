"""The options that the strategy chooses from, with all that a choice looks at."""

from datetime import date

from allcore.kernel.instruments import OptionContract, TickRule
from marketdata.selectors import chains, instruments, quotes
from trading.domain.protocol.strikes import Candidate


def candidates(underlying: str, expiry: date) -> tuple[Candidate, ...]:
    """Return the listed options of one expiry; what is not known of one is None in it."""
    listed = list(instruments.options_of(underlying).filter(expiry=expiry))
    symbols = [row.symbol for row in listed]
    latest, greeks, interest = quotes.latest(symbols), chains.greeks(symbols), chains.open_interest(symbols)
    return tuple(
        Candidate(
            contract=OptionContract.parse(row.symbol),
            multiplier=row.multiplier,
            tick_rule=TickRule(row.tick_rule),
            quote=(quote := latest.get(row.symbol)),
            greeks=greeks.get(row.symbol),
            open_interest=interest.get(row.symbol),
            volume=None if quote is None else quote.volume,
        )
        for row in listed
    )
