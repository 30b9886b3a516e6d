"""Run the E*TRADE test server: `python -m tests.brokers.servers.etrade --port 8090 [--feed redis://...]`."""

from decimal import Decimal

from tests.brokers.servers.alone import Made, serve
from tests.brokers.servers.etrade.server import EtradeServer


def made(accounts: dict[str, Decimal]) -> Made:
    """Return the server, and a leave that a person need not be there for; it ends at New York's midnight."""
    server = EtradeServer.make(accounts=accounts)
    leave = server.provider.leave()
    credentials = {
        "consumer_key": server.provider.consumer_key,
        "consumer_secret": server.provider.consumer_secret,
        "access_token": leave.key,
        "access_secret": leave.secret,
    }
    return server, server.port, credentials


if __name__ == "__main__":
    serve("etrade", made)
