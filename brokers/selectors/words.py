"""What an adapter takes, in words for the README and the Brokers page."""

from allcore.kernel.orders import OrdType, TimeInForce
from brokers.ports import Capabilities, Idempotency, Login, ReplaceKind

SIGN_IN = {
    Login.NONE: "none",
    Login.GATEWAY: "the broker's own gateway",
    Login.OAUTH2: "OAuth 2, on the Brokers page",
    Login.OAUTH1: "OAuth 1, on the Brokers page",
}
REPLACING = {
    ReplaceKind.IN_PLACE: "in place",
    ReplaceKind.CANCEL_NEW: "cancelled, then sent anew",
    ReplaceKind.NONE: "no",
}
AGAIN = {
    Idempotency.SERVER_KEY: "answered with the first order",
    Idempotency.ID_REJECT: "refused",
    Idempotency.LOOKUP_ONLY: "not noticed: looked up by its terms",
}


def in_words(can: Capabilities) -> dict[str, str]:
    """Return each capability as a person would say it."""
    return {
        "ord_types": ", ".join(word.replace("_", " ").lower() for word in OrdType if word in can.ord_types),
        "times_in_force": ", ".join(word for word in TimeInForce if word in can.times_in_force),
        "max_legs": str(can.max_legs),
        "replace": REPLACING[can.replace],
        "idempotency": AGAIN[can.idempotency],
        "preview": "yes" if can.preview else "no",
        "watches": "lists and conditions" if can.native_conditions else "no",
        "algos": ", ".join(algo.name for algo in can.algos) or "none",
        "login": SIGN_IN[can.login],
    }
