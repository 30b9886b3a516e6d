"""The protocol's own words, which several of its rules use."""

from enum import StrEnum


class Tier(StrEnum):
    """How aggressive an account is."""

    GEN = "gen"
    REV = "rev"
    COM = "com"


class Klass(StrEnum):
    """The market's class for one week."""

    GREEN = "GREEN"
    CHOP = "CHOP"
    RED = "RED"


class WeekType(StrEnum):
    """What a week was for one account and underlying."""

    P_EW = "P-EW"
    P_AWL = "P-AWL"
    P_RO = "P-RO"
    P_AOL = "P-AOL"
    P_DD = "P-DD"
    C_WAP = "C-WAP"
    C_WAP_PLUS = "C-WAP+"
    C_PNO = "C-PNO"
    C_RO = "C-RO"
    C_REC = "C-REC"
    W_IDL = "W-IDL"


class Strategy(StrEnum):
    """What a proposal does."""

    CASH_SECURED_PUT = "CASH_SECURED_PUT"
    COVERED_CALL = "COVERED_CALL"
    ROLL = "ROLL"
    BUY_TO_CLOSE = "BUY_TO_CLOSE"


class Reason(StrEnum):
    """Why a sleeve does what it does. CHOP to HUMAN are the protocol's reasons for an idle week."""

    CHOP = "chop"
    VIX = "vix"
    DRAWDOWN = "drawdown"
    KILL = "kill"
    NO_CANDIDATE = "no_candidate"
    HOLIDAY = "holiday"
    HUMAN = "human"
    CONDITION = "condition"
    ENTRY_DAY = "entry_day"
    ENTRY_TIME = "entry_time"
    CLOSED = "market_closed"
    DATA = "data"
    EARNINGS = "earnings"
    NOT_OPERABLE = "not_operable"
    NO_ROOM = "no_room"
    RISK = "risk"
    COOL_DOWN = "cool_down"
    ORDER_WORKING = "order_working"
    PROPOSED = "proposed"
    HOLDING = "holding"
    GBR4 = "gbr4"
    NO_ROLL = "no_roll"
