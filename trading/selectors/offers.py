"""What an account's broker can be asked to do with an order by itself."""

from brokers.models import Account
from brokers.selectors.capabilities import capabilities_of, title_of
from trading.selectors.rows import Row


def offered(account: Account) -> Row:
    """Return whether it watches conditions, and its algorithms with what each takes; `connection` should be loaded."""
    able = capabilities_of(account.connection.broker)
    return {
        "title": title_of(account.connection.broker),
        "watches": able.native_conditions,
        "algos": [algo.as_row() for algo in able.algos],
    }
