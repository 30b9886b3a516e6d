"""Which strategy an order is of: its own proposal's, or that of the run that sent it."""

from django.db.models.functions import Coalesce


def strategy_of(order: str = "") -> Coalesce:
    """Return the expression; `order` is the path to the order, with its last underscores."""
    return Coalesce(f"{order}proposal__strategy", f"{order}algo_child__run__proposal__strategy")
