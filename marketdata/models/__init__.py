"""Tables of the market."""

from marketdata.models.instruments import Instrument, MarketEvent
from marketdata.models.series import Bar, FeedState

__all__ = ["Bar", "FeedState", "Instrument", "MarketEvent"]
