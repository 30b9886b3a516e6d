"""The algorithms that the desk passes on.

Source: TWS API, "IB Algorithms"; those of shares are refused for options by the broker itself, with its reason.
"""

from decimal import Decimal

from brokers.algos import BrokerAlgo, Parameter


def _share(name: str, *, is_needed: bool = False) -> Parameter:
    return Parameter(name, least=Decimal("0.1"), most=Decimal("0.5"), is_needed=is_needed)


def _switch(name: str) -> Parameter:
    return Parameter(name, ("0", "1"))


SPAN = (Parameter("startTime"), Parameter("endTime"))
PAST_END = _switch("allowPastEndTime")
ALGOS = (
    BrokerAlgo("Adaptive", (Parameter("adaptivePriority", ("Urgent", "Normal", "Patient"), is_needed=True),)),
    BrokerAlgo(
        "ArrivalPx",
        (
            _share("maxPctVol"),
            Parameter("riskAversion", ("Get Done", "Aggressive", "Neutral", "Passive"), is_needed=True),
            *SPAN,
            PAST_END,
            _switch("forceCompletion"),
        ),
    ),
    BrokerAlgo("PctVol", (_share("pctVol", is_needed=True), *SPAN, _switch("noTakeLiq"))),
    BrokerAlgo(
        "Twap",
        (
            Parameter(
                "strategyType",
                ("Marketable", "Matching Midpoint", "Matching Same Side", "Matching Last"),
                is_needed=True,
            ),
            *SPAN,
            PAST_END,
        ),
    ),
    BrokerAlgo("Vwap", (_share("maxPctVol", is_needed=True), *SPAN, PAST_END, _switch("noTakeLiq"))),
)
