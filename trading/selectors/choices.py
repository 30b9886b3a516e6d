"""What a person may choose from on a page."""

from trading.models import Proposal


def reject_reasons() -> list[tuple[str, str]]:
    """Return the codes a rejection may have, each with its word."""
    return [(reason.value, str(reason.label)) for reason in Proposal.RejectReason]
