"""What the protocol allows an account at the moment, as the gate needs it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from risk.domain.structure import Structure

DeltaRange = tuple[float, float]  # points (delta times 100, unsigned), both ends included


@dataclass(frozen=True, slots=True)
class ProtocolTerms:
    """The rules of one account now, overlays applied. Ratios are of the account's equity.

    `delta_range` is for opening short options; `call_delta_ranges` overrides it for an underlying's calls (recovery).
    `entry_open` speaks of new puts and purchases, `calls_open` of covered calls; the reasons are sentences.
    `dte_sessions` counts sessions from today to expiry, of new puts. None is no such rule, except for `delta_range`:
    a protocol account without one opens no short option.
    """

    is_protocol_account: bool
    universe: frozenset[str] = frozenset()
    strategies: frozenset[Structure] = frozenset()
    delta_range: DeltaRange | None = None
    call_delta_ranges: Mapping[str, DeltaRange] = field(default_factory=dict)
    dte_sessions: tuple[int, int] | None = None
    name_cap: Decimal = Decimal(0)
    deployment_cap: Decimal = Decimal(0)
    buffer: Decimal = Decimal(1)
    buffer_usd: Decimal = Decimal(2000)
    max_positions: int = 0
    entry_open: bool = False
    entry_reason: str = ""
    calls_open: bool = True
    calls_reason: str = ""


NOT_PROTOCOL = ProtocolTerms(is_protocol_account=False)
