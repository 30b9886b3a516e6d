"""Everything the Brokers page shows of each connection, and the matrix of what each adapter takes."""

from datetime import datetime

from django.db.models import QuerySet
from redis.exceptions import RedisError

from allcore.kernel.orders import OrdType, TimeInForce
from brokers import registry
from brokers.certification.behaviours import Behaviour, behaviours
from brokers.certification.checks import Finding
from brokers.models import Connection
from brokers.ports import Capabilities
from brokers.selectors.budgets import budgets
from brokers.selectors.certification import last, report_row, standing
from brokers.selectors.connections import connections, row_of
from brokers.selectors.credentials import kept_credentials
from brokers.selectors.words import in_words


def overview() -> QuerySet[Connection]:
    """Return every connection with its accounts, by name."""
    return connections().prefetch_related("accounts")


def overview_row(connection: Connection, now: datetime) -> dict[str, object]:
    """Return a connection with all that is known of it."""
    broker = registry.BROKERS.get(connection.broker)
    return row_of(connection) | {
        "broker_name": connection.broker if broker is None else broker.name,
        "accounts": [
            {"code": account.code, "broker_account": account.broker_account, "is_enabled": account.is_enabled}
            for account in connection.accounts.all()
        ],
        "settings": connection.settings,
        "credentials": kept_credentials(connection.name)
        | {
            "asked": [] if broker is None else list(broker.secrets),
            "needs_leave": broker is not None and broker.authorise is not None,
        },
        "budgets": _budgets(connection, broker, now),
        "certification": report_row(standing(connection.broker, now=now)),
        "last_certification": report_row(last(connection.broker)),
        "capabilities": None if broker is None else capability_row(broker.capabilities),
    }


def _budgets(connection: Connection, broker: registry.Broker | None, now: datetime) -> list[dict[str, object]] | None:
    """Return what is left of the broker's limits; None while Redis is away."""
    try:
        return [] if broker is None else budgets(connection.name, broker.capabilities.buckets, now=now)
    except RedisError:
        return None


def behaviour_rows() -> tuple[Behaviour, ...]:
    """Return the contract's behaviours with each adapter's answer in its newest report, in the matrix's order."""
    reports = {name: last(name) for name in registry.BROKERS}
    return behaviours(
        {
            name: None if report is None else [Finding(**found) for found in report.findings]
            for name, report in reports.items()
        }
    )


def capability_row(capabilities: Capabilities) -> dict[str, object]:
    """Return what an adapter takes, as it travels."""
    return {
        "ord_types": [str(word) for word in OrdType if word in capabilities.ord_types],
        "times_in_force": [str(word) for word in TimeInForce if word in capabilities.times_in_force],
        "max_legs": capabilities.max_legs,
        "replace": str(capabilities.replace),
        "idempotency": str(capabilities.idempotency),
        "order_stream": capabilities.order_stream,
        "preview": capabilities.preview,
        "native_lists": capabilities.native_lists,
        "native_conditions": capabilities.native_conditions,
        "algos": [algo.as_row() for algo in capabilities.algos],
        "quotes": capabilities.quotes,
        "login": str(capabilities.login),
    }


def matrix(now: datetime) -> list[dict[str, object]]:
    """Return a row for each adapter, with the level at which it stands."""
    return [
        {
            "broker": name,
            "name": broker.name,
            "certification": report_row(standing(name, now=now)),
            **capability_row(broker.capabilities),
            "words": in_words(broker.capabilities),
        }
        for name, broker in registry.BROKERS.items()
    ]
