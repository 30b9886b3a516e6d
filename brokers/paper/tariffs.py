"""What brokers and regulators charge, by the date from which it holds. Data; the arithmetic is in `fees`.

Each row names its source. Levels marked "unconfirmed" are common knowledge that no primary source was at hand for:
confirm them before real money goes by them. The first row of each table stands for all time before it.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

FIRST = date(1970, 1, 1)
NONE = Decimal(0)


@dataclass(frozen=True, slots=True)
class Levy:
    """A regulator's or clearing house's charge: `rate` a unit (dollar, share or contract), at most `cap` a fill."""

    effective_from: date
    rate: Decimal
    source: str
    cap: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Band:
    """A commission a contract whose premium is at least `from_premium` a share."""

    from_premium: Decimal
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Commission:
    """Dollars. `close_rate` None: closing costs as opening does. `index_extra` a contract of a cash-settled index.

    `option_min` and `share_min` are the least for an order; `leg_cap` the most for one leg of one order;
    `share_cap_ratio` the most for shares, as a part of their value.
    """

    effective_from: date
    source: str
    bands: tuple[Band, ...]
    close_rate: Decimal | None = None
    option_min: Decimal = NONE
    leg_cap: Decimal | None = None
    index_extra: Decimal = NONE
    share_rate: Decimal = NONE
    share_min: Decimal = NONE
    share_cap_ratio: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Tariff:
    """A broker's commissions over time.

    Levies and what an exchange takes for its own index are passed on or not; a cent begun is charged whole, or is not.
    """

    name: str
    commissions: tuple[Commission, ...]
    passes_levies: bool = True
    cents_up: bool = True
    passes_exchange: bool = False


@dataclass(frozen=True, slots=True)
class ExchangeFee:
    """What the exchange takes for a contract of its index: dollars by premium a share."""

    effective_from: date
    bands: tuple[Band, ...]
    source: str


def _flat(rate: str) -> tuple[Band, ...]:
    return (Band(NONE, Decimal(rate)),)


ORF = (
    Levy(FIRST, Decimal("0.02685"), "Sum of the exchanges' rates before March 2025: unconfirmed"),
    Levy(date(2025, 3, 3), Decimal("0.02815"), "ibkrguides.com/kb/options-regulatory-fee-orf, 18 exchanges"),
)
OCC = (
    Levy(FIRST, Decimal("0.02"), "theocc.com schedule of fees: 55 dollars from 2,751 contracts", Decimal(55)),
    Levy(date(2025, 2, 14), Decimal("0.025"), "90 FR 10544: 0.025, and the cap of 55 dollars is gone"),
)
SECTION_31 = (  # a dollar sold
    Levy(FIRST, Decimal("0.0000221"), "SEC fee rate advisory for fiscal 2020"),
    Levy(date(2021, 2, 25), Decimal("0.0000051"), "SEC fee rate advisory #2 for fiscal 2021"),
    Levy(date(2022, 5, 14), Decimal("0.0000229"), "SEC fee rate advisory for fiscal 2022"),
    Levy(date(2023, 2, 27), Decimal("0.0000080"), "SEC fee rate advisory for fiscal 2023"),
    Levy(date(2024, 5, 22), Decimal("0.0000278"), "SEC fee rate advisory for fiscal 2024"),
    Levy(date(2025, 5, 14), NONE, "SEC fee rate advisory of 8 April 2025: 0.00"),
    Levy(date(2026, 4, 4), Decimal("0.0000206"), "SEC fee rate advisory for fiscal 2026: unconfirmed"),
)
TAF_SHARES = (  # a share sold
    Levy(FIRST, Decimal("0.000145"), "FINRA By-Laws, Schedule A, 2023", Decimal("7.27")),
    Levy(date(2024, 1, 1), Decimal("0.000166"), "FINRA By-Laws, Schedule A, 2024", Decimal("8.30")),
    Levy(date(2026, 1, 1), Decimal("0.000195"), "FINRA's fee plan for 2026: unconfirmed", Decimal("9.79")),
)
TAF_OPTIONS = (  # a contract sold
    Levy(FIRST, Decimal("0.00244"), "FINRA By-Laws, Schedule A, 2023"),
    Levy(date(2024, 1, 1), Decimal("0.00279"), "FINRA By-Laws, Schedule A, 2024"),
    Levy(date(2026, 1, 1), Decimal("0.00329"), "FINRA's fee plan for 2026: unconfirmed"),
)
CAT = (  # a share, or each of an option's 100
    Levy(FIRST, NONE, "No fee was passed on before the CAT fee filings of 2024"),
    Levy(date(2024, 9, 1), Decimal("0.000035"), "CAT fee 2024-1: unconfirmed"),
    Levy(date(2025, 1, 1), Decimal("0.000022"), "CAT fee 2025-1: unconfirmed"),
    Levy(date(2025, 7, 1), Decimal("0.000009"), "CAT fee 2025-2: unconfirmed"),
)

SPX = ExchangeFee(
    FIRST,
    (Band(NONE, Decimal("0.57")), Band(Decimal(1), Decimal("0.66"))),
    "Lean's fee models of Webull, Public and Alpaca: 0.57 below a dollar of premium, else 0.66",
)
EXCHANGE = {"SPX": (SPX,), "SPXW": (SPX,)}

FLAT = Tariff(
    "flat",
    (
        Commission(
            FIRST,
            "The desk's round numbers: nothing but a commission",
            _flat("0.65"),
            share_rate=Decimal("0.005"),
            share_min=Decimal("1.00"),
        ),
    ),
    passes_levies=False,
    cents_up=False,
)
IBKR_TIERED = Tariff(
    "ibkr_tiered",
    (
        Commission(
            FIRST,
            "Lean's InteractiveBrokersFeeModel, up to 10,000 contracts a month",
            (
                Band(NONE, Decimal("0.25")),
                Band(Decimal("0.05"), Decimal("0.50")),
                Band(Decimal("0.10"), Decimal("0.65")),
            ),
            option_min=Decimal("1.00"),
            share_rate=Decimal("0.0035"),
            share_min=Decimal("0.35"),
            share_cap_ratio=Decimal("0.01"),
        ),
    ),
    cents_up=False,
    passes_exchange=True,
)
SCHWAB = Tariff(
    "schwab",
    (Commission(FIRST, "Lean's CharlesSchwabFeeModel", _flat("0.65"), index_extra=Decimal("0.35")),),
)
ETRADE = Tariff(
    "etrade",
    (Commission(FIRST, "us.etrade.com pricing, below 30 trades a quarter: unconfirmed", _flat("0.65")),),
)
TASTYTRADE = Tariff(
    "tastytrade",
    (
        Commission(
            FIRST,
            "Lean's TastytradeFeeModel; ten dollars a leg at most",
            _flat("1.00"),
            close_rate=NONE,
            leg_cap=Decimal("10.00"),
        ),
    ),
    passes_exchange=True,
)
TRADESTATION = Tariff(
    "tradestation",
    (Commission(FIRST, "Lean's TradeStationFeeModel", _flat("0.60"), index_extra=Decimal("0.40")),),
)
COMMISSION_FREE = Tariff(
    "commission_free",
    (Commission(FIRST, "Lean's Webull, Public and Alpaca fee models", _flat("0"), index_extra=Decimal("0.50")),),
    passes_exchange=True,
)
TD_AMERITRADE = Tariff(
    "td_ameritrade",
    (Commission(FIRST, "Lean's TDAmeritradeFeeModel; retired into Schwab", _flat("0.65")),),
)
TARIFFS = {
    tariff.name: tariff
    for tariff in (FLAT, IBKR_TIERED, SCHWAB, ETRADE, TASTYTRADE, TRADESTATION, COMMISSION_FREE, TD_AMERITRADE)
}
OF_BROKERS = {"ibkr": IBKR_TIERED, "schwab": SCHWAB, "etrade": ETRADE, "tda": TD_AMERITRADE}
