"""The protocol's inputs as a test wants them: options priced by Black and Scholes, bars, candidates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from math import erf, exp, log, sqrt

from allcore.kernel.instruments import OptionContract, Right, TickRule
from allcore.kernel.quotes import Greeks, Quote
from trading.domain.protocol.sizing import Position
from trading.domain.protocol.strikes import Candidate
from trading.domain.protocol.words import Tier

NOW = datetime(2026, 6, 11, 14, 30, tzinfo=UTC)  # Thursday, 10:30 in New York
FRIDAY = date(2026, 6, 12)
RATE = 0.045
SESSION = 1 / 252


def dec(value: str | float) -> Decimal:
    return Decimal(str(value))


def normal(x: float) -> float:
    return 0.5 * (1 + erf(x / sqrt(2)))


@dataclass(frozen=True, slots=True)
class Bar:
    """A session's prices."""

    high: Decimal
    low: Decimal
    close: Decimal


def bars(closes: Sequence[float], spread: float = 2.0) -> list[Bar]:
    return [Bar(dec(c + spread / 2), dec(c - spread / 2), dec(c)) for c in closes]


@dataclass(frozen=True, slots=True)
class Market:
    """One underlying's option market: flat volatility, prices by Black and Scholes, `half` wide on each side."""

    root: str
    spot: float
    iv: float
    years: float
    half: str = "0.02"
    expiry: date = FRIDAY

    def value(self, strike: float, right: Right) -> tuple[float, float]:
        spread = self.iv * sqrt(self.years)
        d1 = (log(self.spot / strike) + (RATE + self.iv**2 / 2) * self.years) / spread
        paid = strike * exp(-RATE * self.years)
        call = self.spot * normal(d1) - paid * normal(d1 - spread)
        if right is Right.CALL:
            return call, normal(d1)
        return call - self.spot + paid, normal(d1) - 1

    def candidate(self, strike: float, right: Right = Right.PUT, *, less: str = "0.00") -> Candidate:
        """Return the option of a strike; its mid is the model's value, in cents, less some."""
        value, delta = self.value(strike, right)
        contract = OptionContract(self.root, self.expiry, right, dec(strike))
        mid = dec(round(value, 2)) - Decimal(less)
        return candidate(contract, bid=mid - Decimal(self.half), ask=mid + Decimal(self.half), delta=delta, iv=self.iv)

    def chain(self, strikes: Sequence[float], right: Right = Right.PUT, *, less: str = "0.00") -> list[Candidate]:
        return [self.candidate(strike, right, less=less) for strike in strikes]


def candidate(
    contract: OptionContract,
    *,
    bid: Decimal | str = "1.00",
    ask: Decimal | str = "1.04",
    delta: float | None = -0.45,
    iv: float = 0.5,
    age: float = 0.0,
    open_interest: int | None = 1000,
    volume: int | None = 500,
    tick_rule: TickRule = TickRule.PENNY,
) -> Candidate:
    quote = Quote(
        symbol=contract.symbol,
        bid=Decimal(bid),
        ask=Decimal(ask),
        bid_size=50,
        ask_size=50,
        last=None,
        source_at=NOW,
        received_at=NOW - timedelta(seconds=age),
        source="test",
    )
    greeks = None if delta is None else Greeks(float(bid), iv, delta, 0.02, -0.1, 0.05, -0.01)
    return Candidate(contract, 100, tick_rule, quote, greeks, open_interest, volume)


def put(strike: float, **other: object) -> Candidate:
    return candidate(OptionContract("TSLA", FRIDAY, Right.PUT, dec(strike)), **other)  # type: ignore[arg-type]


def position(
    equity: str | float = "100000",
    *,
    tier: Tier = Tier.GEN,
    deployed: str | float = 0,
    in_name: str | float = 0,
    household: str | float = "250000",
    household_in_name: str | float | None = None,
    names_held: int = 0,
    drawdown: str = "0",
    ladder: str = "1",
    free_cash: str | float | None = None,
) -> Position:
    return Position(
        tier=tier,
        equity=dec(equity),
        free_cash=dec(equity) - dec(deployed) if free_cash is None else dec(free_cash),
        deployed=dec(deployed),
        deployed_in_name=dec(in_name),
        household_equity=dec(household),
        household_in_name=dec(in_name if household_in_name is None else household_in_name),
        names_held=names_held,
        holds_name=dec(in_name) > 0,
        drawdown=Decimal(drawdown),
        ladder=Decimal(ladder),
    )
