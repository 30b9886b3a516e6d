"""The notice of a wash sale: what opens again on a name's side within thirty days of a loss (26 U.S.C. 1091)."""

from risk.domain.controls.finding import Finding, passed
from risk.domain.controls.liquidity import told
from risk.domain.request import GateRequest


def wash_sale(request: GateRequest) -> Finding:
    """Nothing is blocked: a tax year's loss is put off by it, not lost, and the strategy sells weekly."""
    loss = request.around.washing
    if loss is None:
        return passed("No loss of the last 30 days would be washed.")
    name = request.ticket.underlying
    return told(
        f"{loss.account} realised a loss of ${loss.dollars:,.2f} in {name} on {loss.day}: opening it again within 30 "
        "days may make that a wash sale."
    )
