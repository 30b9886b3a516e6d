"""No message about an order is lost quietly: the library's decoder only logs what it cannot read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from allcore.kernel.errors import DeskError
from brokers.ibkr.ears import Ears
from brokers.ibkr.errors import ContradictionError, PartOfShareError
from brokers.ibkr.times import read_time

ERROR, EXEC_DETAILS, COMMISSION, POSITION = 4, 11, 59, 61
HELD_AT = 14  # of a position's fields
COST_AT = 3  # of a commissionReport's fields
UNSET = "1.7976931348623157E308"
EXEC_TIME_AT, EXEC_SHARES_AT, EXEC_PRICE_AT = 15, 19, 20  # of an execDetails' fields
LEAST_FIELDS = {3: 11, 4: 5, 5: 90, 11: 31, 59: 8, 61: 16, 101: 70}  # of messages about orders and positions
MOST_FIELDS = {59: 8, 61: 16}  # what a later version adds at the end is not read
WITH_REJECT_JSON = 166  # the version from which an error has a sixth field
WITH_REVISION = 178  # the version from which an execution says whether its price may be revised
MATTER = {
    3: "orderStatus",
    4: "error",
    5: "openOrder",
    11: "execDetails",
    59: "commissionReport",
    61: "position",
    101: "completedOrder",
}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Guard:
    """Stands between one line's decoder and its ears."""

    client: Any
    ears: Ears

    def put(self) -> None:
        """Put the guard around the decoder's handlers."""
        handlers: dict[int, Callable[[Sequence[str]], None]] = self.client.decoder.handlers
        handlers[3] = self._status  # the library's own swallows what goes wrong in it
        for number, kind in MATTER.items():
            handlers[number] = self._guarded(number, kind, handlers[number])
        self.client.conn.hasData -= self.client._onSocketHasData  # noqa: SLF001 it has no other name
        self.client.conn.hasData += self._read

    def _read(self, data: bytes) -> None:
        """Read what arrived; what came with a frame that the library breaks on is read all the same."""
        while True:
            try:
                self.client._onSocketHasData(data)  # noqa: SLF001 as above
            except (ValueError, TypeError, IndexError, KeyError, AttributeError) as e:
                log.warning("ibkr_frame_unreadable", error=repr(e))
                self.ears.malformed("frame", repr(e))
                data = b""  # it has taken the frame from what is to be read, and stopped there
            else:
                return

    def _guarded(self, number: int, kind: str, handler: Callable[[list[str]], None]) -> Callable[[Sequence[str]], None]:
        def handle(fields: Sequence[str]) -> None:
            try:
                if len(fields) < LEAST_FIELDS[number]:
                    raise ContradictionError(f"It has {len(fields)} fields.")
                handler(self._fitted(number, list(fields)))
            except PartOfShareError as e:
                self.ears.malformed(kind, repr(e), is_missed=False)
            except (DeskError, ValueError, TypeError, IndexError, KeyError, AttributeError, ArithmeticError) as e:
                log.warning("ibkr_message_unreadable", kind=kind, error=repr(e))
                self.ears.malformed(kind, repr(e), number=_question_of(number, fields))

        return handle

    def _fitted(self, number: int, fields: list[str]) -> list[str]:
        """Return the fields as the decoder expects them."""
        if number == EXEC_DETAILS:
            return self._timed(fields)[: LEAST_FIELDS[number] + (self.client.serverVersion() >= WITH_REVISION)]
        if (
            number == ERROR
            and len(fields) < LEAST_FIELDS[ERROR] + 1
            and self.client.serverVersion() >= WITH_REJECT_JSON
        ):
            return [*fields, ""]
        if number == POSITION and not fields[HELD_AT]:
            raise ContradictionError("A position has a quantity.")  # the decoder would read nought
        if number == COMMISSION:
            fields[COST_AT] = fields[COST_AT] or UNSET  # empty, the decoder would read nought
        return fields[: MOST_FIELDS.get(number, len(fields))]

    def _status(self, fields: Sequence[str]) -> None:
        """Read an orderStatus."""
        _, number, status, filled, left, average, perm_id, parent, last, client, why, *_ = fields
        prices = [float(text or 0) for text in (average, last)]
        self.ears.orderStatus(
            int(number), status, float(filled or 0), float(left or 0), prices[0], int(perm_id or 0), int(parent or 0),
            prices[1], int(client or 0), why, 0.0,
        )  # fmt: skip

    def _timed(self, fields: list[str]) -> list[str]:
        """Note the time as it was said, and give the decoder one that it cannot misread.

        Raises:
            ContradictionError: it has no time with a zone, no quantity or no price: the decoder would read nought.
        """
        if not (fields[EXEC_SHARES_AT] and fields[EXEC_PRICE_AT]):
            raise ContradictionError("An execution has a quantity and a price.")
        self.ears.execution_time = fields[EXEC_TIME_AT]
        fields[EXEC_TIME_AT] = str(int(read_time(fields[EXEC_TIME_AT]).timestamp()))
        return fields


def _question_of(number: int, fields: Sequence[str]) -> int:
    """Return the number of the question that an execution answers, 0 if it answers none that can be read."""
    asked = fields[1] if number == EXEC_DETAILS and len(fields) > 1 else ""
    return int(asked) if asked.isdigit() else 0
