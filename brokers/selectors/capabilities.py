"""What a broker takes, by its name."""

from brokers.ports import Capabilities
from brokers.registry import broker_named


def capabilities_of(broker: str) -> Capabilities:
    """Return what the broker takes natively.

    Raises:
        UnknownBrokerError: no adapter has that name.
    """
    return broker_named(broker).capabilities


def title_of(broker: str) -> str:
    """Return what a person calls the broker.

    Raises:
        UnknownBrokerError: no adapter has that name.
    """
    return broker_named(broker).name
