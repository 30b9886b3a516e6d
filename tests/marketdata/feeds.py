"""A hand-made market for the feed's tests."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from allcore.kernel import calendar
from allcore.kernel.clock import new_york_date
from allcore.kernel.instruments import InstrumentKind, OptionContract, TickRule
from allcore.kernel.quotes import Quote
from marketdata.domain.bars import DailyBar
from marketdata.domain.sources import Listing, Moment, SourceKind

PUT = "TSLA  260612P00250000"
CALL = "TSLA  260612C00250000"
LATER = "TSLA  260618P00250000"


class OneShare:
    """TSLA, two options that expire on 12 June 2026 and one that expires on the 18th; a test sets its prices."""

    kind = SourceKind.SIMULATED
    rate = 0.045

    def __init__(self, starts_at: datetime) -> None:
        self.starts_at = starts_at
        self.prices: dict[str, tuple[str | None, str | None]] = {
            "TSLA": ("249.98", "250.02"),
            PUT: ("4.10", "4.20"),
            CALL: ("4.15", "4.25"),
            LATER: ("8.00", "8.20"),
        }
        self.reopens: datetime | None = None
        self.official: list[DailyBar] = []
        self._shown: dict[str, tuple[str | None, str | None]] = {}
        self._listed_on = new_york_date(starts_at)

    @property
    def listed_on(self) -> date:
        return self._listed_on

    def listings(self) -> Sequence[Listing]:
        contracts = [OptionContract.parse(symbol) for symbol in (PUT, CALL, LATER)]
        return [
            Listing("TSLA", InstrumentKind.EQUITY, "Tesla"),
            *(
                Listing(c.symbol, InstrumentKind.OPTION, "", c.root, c, TickRule.PENNY)
                for c in contracts
                if c.expiry >= self._listed_on
            ),
        ]

    def history(self) -> Sequence[DailyBar]:
        day = calendar.previous_session(self._listed_on).day
        return [DailyBar("TSLA", day, Decimal(248), Decimal(252), Decimal(247), Decimal(250), 1000)]

    def official_bars(self, day: date) -> Sequence[DailyBar]:
        return [bar for bar in self.official if bar.day == day]

    def open_interest(self) -> Mapping[str, int]:
        return {PUT: 900, CALL: 700, LATER: 40}

    def reopens_after(self, at: datetime) -> datetime | None:
        return self.reopens

    def advance(self, moment: Moment) -> Sequence[Quote]:
        if calendar.is_session(new_york_date(moment.exchange)):
            self._listed_on = new_york_date(moment.exchange)
        changed = {s: sides for s, sides in self.prices.items() if self._shown.get(s) != sides}
        self._shown |= changed
        return [self._quote(symbol, sides, moment) for symbol, sides in changed.items()]

    def checkpoint(self) -> dict[str, object]:
        return {"prices": len(self.prices)}

    @staticmethod
    def _quote(symbol: str, sides: tuple[str | None, str | None], moment: Moment) -> Quote:
        bid, ask = (None if side is None else Decimal(side) for side in sides)
        return Quote(symbol, bid, ask, 10, 10, None, moment.exchange, moment.system, "test")
