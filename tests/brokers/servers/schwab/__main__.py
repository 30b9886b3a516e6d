"""Run the Schwab test server: `python -m tests.brokers.servers.schwab --port 8080 [--feed redis://...]`."""

from decimal import Decimal

from tests.brokers.servers.alone import Made, serve
from tests.brokers.servers.schwab.server import SchwabServer


def made(accounts: dict[str, Decimal]) -> Made:
    """Return the server, and a leave that a person need not be there for; it lasts for a week."""
    server = SchwabServer.make(accounts=accounts)
    credentials = {
        "app_key": server.grants.app_key,
        "app_secret": server.grants.app_secret,
        "refresh_token": server.grants.leave(),
    }
    return server, server.port, credentials


if __name__ == "__main__":
    serve("schwab", made)
