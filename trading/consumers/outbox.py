"""What one client is yet to be sent: the newest of each row, and never more than fits."""

from collections.abc import Hashable

CAPACITY = 5000
QUOTES = "quotes"
BATCH = 400

Entry = tuple[str, str, bytes]  # stream, type, data as JSON


class Outbox:
    """A bounded queue; a newer row takes the place of the older. `seq` counts what leaves: conflation makes no gap."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._rows: dict[Hashable, Entry] = {}
        self._quotes: dict[str, bytes] = {}
        self._seq: dict[str, int] = {}
        self._unkeyed = 0
        self.overflowed = False

    def __len__(self) -> int:
        return len(self._rows) + len(self._quotes)

    def put(self, stream: str, kind: str, data: bytes, *, key: Hashable | None = None) -> None:
        """Queue a message; one with the same key that still waits is replaced."""
        if key is None:
            self._unkeyed += 1
            key = self._unkeyed
        whole = (stream, key)
        self._rows.pop(whole, None)
        self._rows[whole] = (stream, kind, data)
        self._bound()

    def put_quote(self, symbol: str, data: bytes) -> None:
        """Queue a quote; quotes leave together."""
        self._quotes[symbol] = data
        self._bound()

    def put_snapshot(self, stream: str, data: bytes) -> None:
        """Queue the whole stream anew, before what waits: a change heard while it was read comes after it."""
        first = {(stream, "snapshot"): (stream, "snapshot", data)}
        self._rows.pop((stream, "snapshot"), None)
        self._rows = first | self._rows

    def pop(self) -> bytes | None:
        """Return the next frame to send, or None when nothing waits."""
        if self._rows:
            return self._frame(*self._rows.pop(next(iter(self._rows))))
        if self._quotes:
            taken = [self._quotes.pop(symbol) for symbol in list(self._quotes)[:BATCH]]
            return self._frame(QUOTES, "quotes", b"[" + b",".join(taken) + b"]")
        return None

    def _frame(self, stream: str, kind: str, data: bytes) -> bytes:
        seq = self._seq[stream] = self._seq.get(stream, 0) + 1
        return b'{"stream":"%b","seq":%d,"type":"%b","data":%b}' % (stream.encode(), seq, kind.encode(), data)

    def _bound(self) -> None:
        """Forget everything rather than grow: the client is then owed fresh snapshots."""
        if len(self) > self._capacity:
            self._rows.clear()
            self._quotes.clear()
            self.overflowed = True
