"""The demo's accounts at a broker's test server, and what that server is told of them."""

import json
import secrets
from pathlib import Path

from allcore.demo import plan
from allcore.embedded.brokers import Sim
from marketdata.domain.feeds import FeedSpec

SECRET_BYTES = 24


def at(sim: Sim, feed: FeedSpec, *, port: int, file: Path) -> plan.BrokerPlan:
    """Return the plan for a desk on the server. The file, written once, tells the server of accounts and login."""
    if not file.exists():
        cash = {number: str(account.cash) for number, account in zip(sim.numbers, plan.accounts(feed), strict=True)}
        login = {name: secrets.token_urlsafe(SECRET_BYTES) for name in sim.credentials}
        file.touch(mode=0o600)
        file.write_text(json.dumps({"accounts": cash, "credentials": login}), encoding="utf-8")
    told = json.loads(file.read_text(encoding="utf-8"))
    return plan.BrokerPlan(sim.broker, sim.numbers, sim.settings(port), told["credentials"])
