"""What the engine does next after a week type (protocol 2.5)."""

from enum import StrEnum

from trading.domain.protocol.words import Tier, WeekType


class Action(StrEnum):
    """The next cycle's move."""

    SELL_PUT = "SELL_PUT"
    SELL_PUT_IF_PLANNED = "SELL_PUT_IF_PLANNED"  # the quarterly plan deploys cash
    SELL_CALL = "SELL_CALL"
    SELL_CALL_RECOVERING = "SELL_CALL_RECOVERING"  # with a recovery plan
    MANAGE_PUT = "MANAGE_PUT"
    SELL_LOWER_CALL = "SELL_LOWER_CALL"
    RECOVERY_CALL = "RECOVERY_CALL"  # 20 to 30 points of delta only
    GBR4 = "GBR4"
    HOLD_CASH = "HOLD_CASH"


SENTENCES: dict[Action, str] = {
    Action.SELL_PUT: "sell a put again on the next entry day",
    Action.SELL_PUT_IF_PLANNED: "sell a put if the quarterly plan deploys cash",
    Action.SELL_CALL: "sell a call on the shares",
    Action.SELL_CALL_RECOVERING: "sell a call on the shares and keep a recovery plan",
    Action.MANAGE_PUT: "manage the rolled put; no new put on this name until it is flat",
    Action.SELL_LOWER_CALL: "sell a lower call near the price",
    Action.RECOVERY_CALL: "sell only a 20 to 30 delta call, leaving room to recover",
    Action.GBR4: "preserve capital; a person decides",
    Action.HOLD_CASH: "hold cash",
}
RECOVERY_DELTA = (20.0, 30.0)

EVERY_TIER: dict[WeekType, Action] = {
    WeekType.P_AWL: Action.SELL_CALL,
    WeekType.P_RO: Action.MANAGE_PUT,
    WeekType.P_AOL: Action.SELL_CALL_RECOVERING,
    WeekType.P_DD: Action.GBR4,
    WeekType.C_PNO: Action.SELL_CALL,
    WeekType.C_RO: Action.SELL_LOWER_CALL,
    WeekType.C_REC: Action.RECOVERY_CALL,
    WeekType.W_IDL: Action.HOLD_CASH,
}
BACK_TO_PUTS = (WeekType.P_EW, WeekType.C_WAP, WeekType.C_WAP_PLUS)

TABLE: dict[tuple[WeekType, Tier], Action] = {
    **{(week_type, tier): action for week_type, action in EVERY_TIER.items() for tier in Tier},
    **{(week_type, tier): Action.SELL_PUT for week_type in BACK_TO_PUTS for tier in (Tier.GEN, Tier.REV)},
    **{(week_type, Tier.COM): Action.SELL_PUT_IF_PLANNED for week_type in BACK_TO_PUTS},
}


def next_action(week_type: WeekType, tier: Tier) -> Action:
    """Return what follows."""
    return TABLE[week_type, tier]
