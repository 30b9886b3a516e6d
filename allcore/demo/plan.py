"""What the demo desk consists of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from brokers.models import Account
from marketdata.domain.feeds import FeedSpec, ReplayFeed, SimulatedFeed
from marketdata.domain.simulator import world
from risk.models import Role
from trading.domain.protocol.words import Tier


@dataclass(frozen=True, slots=True)
class AccountPlan:
    """One account and the US dollars it starts with, here and at the broker."""

    code: str
    name: str
    tier: str
    cash: Decimal


@dataclass(frozen=True, slots=True)
class BrokerPlan:
    """Where the accounts are kept; the connection has the broker's name. `numbers` are theirs there, in their order."""

    broker: str
    numbers: tuple[str, ...]
    settings: Mapping[str, object] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class PersonPlan:
    """One person, with roles on every account."""

    username: str
    first_name: str
    roles: tuple[str, ...]
    is_admin: bool = False


ACCOUNTS = (
    AccountPlan("GEN-1", "Generation", Account.Tier.GEN, Decimal(100_000)),
    AccountPlan("REV-1", "Revenue", Account.Tier.REV, Decimal(75_000)),
    AccountPlan("COM-1", "Compounding", Account.Tier.COM, Decimal(75_000)),
)
PAPER = BrokerPlan("paper", tuple(f"PAPER-{account.code}" for account in ACCOUNTS))
PEOPLE = (
    PersonPlan("trader", "Tess", (Role.TRADER,)),
    PersonPlan("approver", "Abel", (Role.APPROVER,)),
    PersonPlan("risk", "Rita", (Role.RISK_OFFICER,)),
    PersonPlan("viewer", "Vera", (Role.VIEWER,)),
    PersonPlan("admin", "Ada", (Role.ADMIN,), is_admin=True),
)
REPLAY_SCALE = 10  # one recorded share costs as much as seven of the demo's, and its contract must fit under the caps
REPLAY_START = datetime(2015, 12, 23, 14, 30, tzinfo=UTC)  # the open of the first recorded session
REPLAY_UNIVERSE = ["GOOG"]


def opening(feed: FeedSpec, now: datetime) -> datetime:
    """Return when the demo begins on the exchange's clock: no later than the first thing its feed can show."""
    if not isinstance(feed, SimulatedFeed | ReplayFeed):
        return now
    first = REPLAY_START if isinstance(feed, ReplayFeed) else world.START
    return feed.start or first


def accounts(feed: FeedSpec) -> tuple[AccountPlan, ...]:
    """Return the accounts for a feed."""
    if not isinstance(feed, ReplayFeed):
        return ACCOUNTS
    return tuple(AccountPlan(plan.code, plan.name, plan.tier, plan.cash * REPLAY_SCALE) for plan in ACCOUNTS)


def limit_scale(feed: FeedSpec) -> Decimal:
    """Return what the limits in dollars are multiplied by: they grow with the accounts, or no proposal would fit."""
    return Decimal(REPLAY_SCALE if isinstance(feed, ReplayFeed) else 1)


def parameter_changes(feed: FeedSpec) -> Mapping[str, object]:
    """Return what differs from the protocol's defaults for a feed."""
    if not isinstance(feed, ReplayFeed):
        return {}
    return {"accounts": {tier: {"universe": REPLAY_UNIVERSE} for tier in Tier}}
