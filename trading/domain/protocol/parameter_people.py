"""The parameters of approval, trust and learning: the groups that say what a person decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from trading.domain.protocol.codec import Between
from trading.domain.protocol.parameter_groups import Ratio

Minutes = Annotated[int, Between(1, 1440)]
MinutePair = Annotated[tuple[int, int], Between(1, 1440)]


@dataclass(frozen=True, slots=True)
class Hitl:
    """Minutes a proposal waits for a person; of a pair the first in trading hours or critical, the second otherwise.

    `stages` are the confidences from which a trust stage is automatic, supervised, and asks for approval.
    """

    entry: MinutePair
    exit: Minutes
    adjust: MinutePair
    recovery: MinutePair
    breach: Minutes
    emergency: Minutes
    violation: Minutes
    optimise: Minutes
    adapt: Minutes
    veto_minutes: Minutes
    cool_down_minutes: Annotated[int, Between(0, 1440)]  # after a rejection
    adjust_impact_usd: Annotated[Decimal, Between(0, 1_000_000)]
    high_impact_usd: Annotated[Decimal, Between(0, 1_000_000)]
    low_confidence: Ratio
    promote_after_trades: Annotated[int, Between(1, 100_000)]
    stages: Mapping[str, Annotated[tuple[Decimal, Decimal, Decimal], Between(0, 1)]]


@dataclass(frozen=True, slots=True)
class Trust:
    """How trust in the strategy's proposals is counted."""

    start: Ratio
    min_sample: Annotated[int, Between(1, 10_000)]
    weights: Mapping[str, Ratio]
    decay_per_idle_week: Ratio
    floor: Ratio


@dataclass(frozen=True, slots=True)
class Ml:
    """The bounds of the learning loop."""

    min_samples: Annotated[int, Between(1, 1_000_000)]
    folds: Annotated[int, Between(2, 50)]
    retrain_drop: Ratio
    cadence_days: Annotated[int, Between(1, 365)]
    max_changes_per_day: Annotated[int, Between(0, 100)]
    monitor_days: Annotated[int, Between(1, 365)]
    shadow_cycles: Annotated[int, Between(0, 100)]
