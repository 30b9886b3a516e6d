"""How the paper market treats an order: every parameter of it, in one place, by profile.

All that is left to chance here is a named rate, drawn by the connection's seed and the order's id (`draws`). The
numbers are engineering estimates until fills of one's own calibrate them.

Source: `docs/paper-fills.md` says what each rule does and where its number is from.
"""

from dataclasses import asdict, dataclass
from datetime import timedelta
from decimal import Decimal

THIRD = 1 / 3


@dataclass(frozen=True, slots=True)
class FillModel:
    """Latencies in milliseconds, rates a second, the rest shares of 1. A rate of 0 switches its rule off.

    `improvement_*` is the mean part of the half-spread by which a marketable order trades better than the far side;
    `spread` is for combos. `hazard_*` is the rate at which a resting order inside the market is met, at the near side,
    the middle and the far side; between them it is interpolated in its logarithm. With `has_queue` an order at the near
    side waits behind `queue_share` of the size shown when it joined, of whose cancels `cancel_share` were ahead of it.
    `race_at_touch` of the cancels at or inside the market meet a fill on their way, `race_after_ack` one after their
    acknowledgement. An order of at most three times the size shown that took all of it finds the rest a tick beyond
    with the chance `sweep`. `assignment` is the chance of an evening that a short contract in the money without time
    value is assigned early, `contrary` that one at its strike ends otherwise than the close says. `reject_rate` is of
    orders refused without a reason; `disconnects` (a session) are chaos, off in every profile.
    """

    name: str
    latency_ms: float = 80.0
    data_delay_ms: float = 0.0
    improvement_single: float = 0.0
    improvement_spread: float = 0.0
    hazard_near: float = 0.0
    hazard_mid: float = 0.0
    hazard_far: float = 0.0
    has_queue: bool = False
    queue_share: float = 1.0
    cancel_share: float = 0.0
    race_at_touch: float = 0.0
    race_after_ack: float = 0.0
    sweep: float = 0.0
    assignment: float = 0.0
    contrary: float = 0.0
    reject_rate: float = 0.0
    disconnects: int = 0

    @property
    def data_delay(self) -> timedelta:
        """By how much the desk sees the market late, and an order therefore meets it later."""
        return timedelta(milliseconds=self.data_delay_ms)

    @property
    def is_by_quotes_alone(self) -> bool:
        """Whether an order at rest trades only when the far side comes to it."""
        return not (self.hazard_mid or self.has_queue)

    def as_dict(self) -> dict[str, object]:
        """Return the parameters by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class WidthBucket:
    """How improvements scatter about their mean m in markets up to that wide (dollars): Beta(m·c, (1 - m)·c)."""

    up_to: Decimal | None
    concentration: float


# In a narrow market an order is improved much or not at all; in a wide one most are improved a little.
WIDTH_BUCKETS = (
    WidthBucket(Decimal("0.05"), 2.0),
    WidthBucket(Decimal("0.25"), 6.0),
    WidthBucket(None, 12.0),
)

QUOTES = FillModel("quotes")
OPTIMISTIC = FillModel(
    "optimistic",
    latency_ms=40.0,
    improvement_single=0.25,
    improvement_spread=0.40,
    hazard_near=0.004,
    hazard_mid=0.04,
    hazard_far=0.2,
    has_queue=True,
    queue_share=0.5,
    cancel_share=0.5,
    sweep=0.5,
)
REALISTIC = FillModel(
    "realistic",
    latency_ms=80.0,
    data_delay_ms=150.0,
    improvement_single=0.15,
    improvement_spread=0.25,
    hazard_near=0.002,
    hazard_mid=0.02,
    hazard_far=0.1,
    has_queue=True,
    cancel_share=THIRD,
    race_at_touch=0.05,
    race_after_ack=0.001,
    sweep=0.5,
    assignment=0.10,
    contrary=0.10,
)
PESSIMISTIC = FillModel(
    "pessimistic",
    latency_ms=160.0,
    data_delay_ms=300.0,
    hazard_mid=0.005,
    hazard_far=0.05,
    has_queue=True,
    race_at_touch=0.10,
    race_after_ack=0.002,
    assignment=0.30,
    contrary=0.25,
    reject_rate=0.005,
)
PROFILES = {model.name: model for model in (QUOTES, OPTIMISTIC, REALISTIC, PESSIMISTIC)}

CHAOS_REJECTS = 0.005
CHAOS_DISCONNECTS = 1
