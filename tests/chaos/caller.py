"""A client that does what a careful client does: the same request with the same key, until there is an answer."""

import http.client
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

TIMEOUT = 10.0
PAUSE = 0.2


class UnansweredError(Exception):
    """Nobody has answered for as long as the client was willing to ask."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a web process said."""

    status: int
    body: dict[str, object]

    @property
    def code(self) -> str:
        """The code of a refusal, or the status."""
        return self.text("code") or str(self.status)

    def text(self, name: str) -> str:
        """Return a field of the answer."""
        return str(self.body.get(name, ""))


@dataclass(slots=True)
class Caller:
    """Calls the web processes by turns for one thread; `counts` is its own."""

    webs: Sequence[int]
    turn: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    _lines: dict[int, http.client.HTTPConnection] = field(default_factory=dict)

    def post(self, path: str, body: object, *, token: str, key: str, until: float) -> Answer:
        """Return the first answer that is one: neither silence nor "try again".

        Raises:
            UnansweredError: there was none until then.
        """
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": key}
        while True:
            answer = self._once(path, json.dumps(body), headers)
            if answer is not None and answer.status < 500:
                return answer
            self.counts["retries"] += 1
            if time.monotonic() > until:
                raise UnansweredError(f"{path} {key}")
            time.sleep(PAUSE)

    def _once(self, path: str, body: str, headers: dict[str, str]) -> Answer | None:
        self.turn += 1
        web = self.webs[self.turn % len(self.webs)]
        line = self._lines.get(web) or http.client.HTTPConnection("127.0.0.1", web, timeout=TIMEOUT)
        try:
            line.request("POST", path, body, headers)
            response = line.getresponse()
            content = json.loads(response.read() or b"{}")
        except (OSError, http.client.HTTPException, ValueError):
            line.close()
            self._lines.pop(web, None)
            return None
        self._lines[web] = line
        return Answer(response.status, content if isinstance(content, dict) else {})
