"""What a ticket is, read from its legs: nobody's word is taken for it."""

from enum import StrEnum


class Structure(StrEnum):
    """The kinds of trade that rules speak of. CLOSING has no opening leg; ROLL moves a short option elsewhere."""

    CASH_SECURED_PUT = "CASH_SECURED_PUT"
    COVERED_CALL = "COVERED_CALL"
    ROLL = "ROLL"
    CLOSING = "CLOSING"
    LONG_OPTION = "LONG_OPTION"
    LONG_STOCK = "LONG_STOCK"
    SHORT_STOCK = "SHORT_STOCK"
    COMBO = "COMBO"
