"""What was lost lately pauses what is opened next; rolls and covered calls, which repair, go on.

The day's loss has its own rule, which holds everything that opens.
"""

from decimal import Decimal
from itertools import takewhile

from allcore.kernel.instruments import Right
from allcore.kernel.money import ZERO
from risk.domain.controls.finding import Finding, known, measured, passed, positive
from risk.domain.request import GateRequest
from risk.domain.structure import Structure, structure_of

REPAIRS = (Structure.ROLL, Structure.COVERED_CALL)
REPAIR = passed("A roll or a covered call repairs; it is not paused.")
RIGHT_OF = {Structure.CASH_SECURED_PUT: Right.PUT, Structure.COVERED_CALL: Right.CALL}


def week_loss(request: GateRequest) -> Finding:
    """The loss since the week began is within its limit, of the equity it began with."""
    if structure_of(request.ticket) in REPAIRS:
        return REPAIR
    opened = request.around.week_opened_with
    if opened is None:
        return passed("The account has no close from before this week.")
    lost = max(opened - known(request.book.equity, "The account's equity"), ZERO)
    share = lost / positive(opened, "The equity at the week's open")
    return measured("The week's loss, of the equity it began with, is", share, request.limits["week_loss"])


def strategy_loss(request: GateRequest) -> Finding:
    """What the strategy's own short options have realised today is within its limit, of the account's equity."""
    structure = structure_of(request.ticket)
    right = RIGHT_OF.get(structure)
    if right is None:
        return passed("The order is no put or call of the strategy.")
    lost = max(-request.around.realised_today.get(right, ZERO), ZERO)
    share = lost / positive(request.book.equity, "The account's equity")
    what = f"What short {right.name.lower()}s have lost today, of the account's equity, is"
    return measured(what, share, request.limits["strategy_loss"])


def losses_in_row(request: GateRequest) -> Finding:
    """Not too many of the account's last closings were losses, one after the other."""
    if structure_of(request.ticket) in REPAIRS:
        return REPAIR
    count = sum(1 for _ in takewhile(lambda result: result < 0, request.around.results))
    return measured("Closings that lost, one after the other:", Decimal(count), request.limits["losses_in_row"])
