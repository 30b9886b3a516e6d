"""The gateway's codes, one table, and the adapter's errors. A code that is not here puts the order in doubt."""

from dataclasses import dataclass
from enum import StrEnum

from allcore.kernel.errors import InvalidInputError, RefusedError, UnavailableError


class Meaning(StrEnum):
    """What a code about an order says."""

    NOTICE = "NOTICE"  # the order goes on
    NEW_REJECT = "NEW_REJECT"  # a new order is refused; of an order that was accepted it says nothing certain
    CHANGE_REJECT = "CHANGE_REJECT"  # a change or cancel is refused; the order may live on
    ENDED = "ENDED"  # why an order ended, if its status says that it did
    DOUBT = "DOUBT"  # ask


@dataclass(frozen=True, slots=True)
class Code:
    """One row: what the code means, and the desk's word for it."""

    meaning: Meaning
    reason: str


NOTICE, NEW, CHANGE = Meaning.NOTICE, Meaning.NEW_REJECT, Meaning.CHANGE_REJECT
CODES: dict[int, Code] = {
    103: Code(NEW, "DUPLICATE_ID"),
    104: Code(CHANGE, "TOO_LATE"),
    105: Code(CHANGE, "BAD_TERMS"),
    106: Code(NEW, "NOT_TRANSMITTED"),
    107: Code(NEW, "INCOMPLETE_ORDER"),
    109: Code(NEW, "PRICE_OUT_OF_RANGE"),
    110: Code(NEW, "OFF_TICK"),
    111: Code(NEW, "BAD_TERMS"),
    135: Code(CHANGE, "UNKNOWN_ORDER"),
    136: Code(CHANGE, "TOO_LATE"),
    161: Code(CHANGE, "TOO_LATE"),
    200: Code(NEW, "UNKNOWN_SYMBOL"),
    201: Code(NEW, "REJECTED_BY_BROKER"),
    202: Code(Meaning.ENDED, "CANCELED_BY_BROKER"),
    203: Code(NEW, "NOT_ALLOWED"),
    321: Code(NEW, "INVALID_REQUEST"),
    329: Code(CHANGE, "BAD_TERMS"),
    387: Code(NEW, "UNSUPPORTED_TYPE"),
    388: Code(NEW, "QUANTITY_TOO_SMALL"),
    399: Code(NOTICE, "MESSAGE"),
    404: Code(NOTICE, "LOCATING_SHARES"),
    434: Code(NEW, "BAD_QUANTITY"),
    435: Code(NEW, "NO_ACCOUNT"),
    460: Code(NEW, "NO_PERMISSION"),
    2102: Code(CHANGE, "STILL_PROCESSED"),
    2109: Code(NOTICE, "OUTSIDE_HOURS_IGNORED"),
    2137: Code(NOTICE, "CROSS_SIDE"),
    10006: Code(NEW, "PARENT_MISSING"),
    10147: Code(CHANGE, "UNKNOWN_ORDER"),
    10148: Code(CHANGE, "TOO_LATE"),
    10167: Code(NOTICE, "DELAYED_DATA"),
    10289: Code(NEW, "NOT_ALLOWED"),
    10293: Code(NEW, "NOT_ALLOWED"),
    10311: Code(NOTICE, "DIRECT_ROUTING"),
    10349: Code(NOTICE, "TIF_FROM_PRESET"),
}
CANCEL_CODES = frozenset({135, 136, 161, 10147, 10148})  # answers to a cancel
UPSTREAM_LOST = frozenset({1100, 2110})
UPSTREAM_BACK = frozenset({1101, 1102})
DATA_LOST = 1101  # quotes must be asked for again
NO_SUCH_CONTRACT = 200
CLIENT_ID_TAKEN = 326
TOO_FAST = 100
NUMBER_USED = 103
UNKNOWN = Code(Meaning.DOUBT, "UNKNOWN_CODE")


def code_of(number: int) -> Code:
    """Return what the code means for an order."""
    return CODES.get(number, UNKNOWN)


class GatewayDownError(UnavailableError):
    """The gateway is not reachable: nothing was sent."""

    code = "GATEWAY_DOWN"


class LineLostError(RefusedError):
    """The line was lost before anything was sent, and the id is burned."""

    code = "LINE_LOST"


class GatewayRefusedError(UnavailableError):
    """The gateway does not let us in, such as because the client id is in use."""

    code = "GATEWAY_REFUSED"


class QuestionRefusedError(InvalidInputError):
    """The gateway refuses a question."""

    code = "IBKR_QUESTION_REFUSED"


class NoAnswerError(UnavailableError):
    """The gateway did not answer a question in time."""

    code = "IBKR_NO_ANSWER"


class UnreadableAnswerError(UnavailableError):
    """Part of an answer could not be read: what is left is not the whole of it."""

    code = "IBKR_UNREADABLE"


class UnknownContractError(InvalidInputError):
    """The broker does not know the instrument."""

    code = "UNKNOWN_CONTRACT"


class ContradictionError(RefusedError):
    """What the gateway said cannot be true; it was not applied."""

    code = "IBKR_CONTRADICTION"


class PartOfShareError(ContradictionError):
    """A trade of less than a share: the message is well, and the desk cannot count it."""

    code = "IBKR_PART_OF_SHARE"
