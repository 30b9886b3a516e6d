"""What the gateway says an order would do."""

from typing import Any

from brokers.ibkr.readings import number_of
from brokers.ports import Preview


def read(state: Any) -> Preview:
    """Return commission and change of initial margin; figures that are not given are None."""
    commission = number_of(state.commission)
    if commission is None:
        commission = number_of(state.maxCommission)
    warnings = (state.warningText,) if state.warningText else ()
    return Preview(commission=commission, margin_change=number_of(state.initMarginChange), warnings=warnings)
