"""The people, accounts and limits of a benchmark, and the proof at its end. Imported once Django is set up."""

import os
import time
from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db.models import Count, F, Sum
from django.db.models.functions import Coalesce

from allcore.accounts import tokens
from allcore.accounts.models import User
from allcore.audit.models import AuditEntry
from allcore.demo.seed import seed
from allcore.kernel.clock import utc_now
from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side, TimeInForce
from allcore.kernel.tickets import OrderTicket, TicketLeg
from benchmarks.harness import BIN, ROOT
from brokers.models import Account, Connection, PaperAccount, PaperExecution, PaperPosition
from marketdata.domain.feeds import parse
from marketdata.domain.simulator import world
from marketdata.selectors import quotes
from risk.models import AccountGrant, Limit, Role
from risk.services import gate
from trading.domain.proposals.card import Reasons
from trading.models import Execution, Mandate, Order, Position, Proposal
from trading.selectors import exposures, risk_sheet
from trading.services.fund import deposit
from trading.services.offer import Offer, offer

CASH = Decimal(1_000_000_000)
WIDE = Decimal(10**9)
QUOTES_WITHIN = 30.0


def trading_desk(*, clients: int) -> list[tuple[str, str]]:
    """Make a demo desk and one funded manual account a client; returns each account's code and its script's key."""
    now = utc_now()
    seed(parse(os.environ["FEED"]), now=now, exchange_at=world.START)
    connection = Connection.objects.get()
    # Latency and the chances of a fill are the paper broker's, not the desk's: here there are none.
    connection.settings = {**connection.settings, "latency_ms": 0, "profile": "quotes"}
    connection.save(update_fields=["settings"])
    return [_client(connection, number) for number in range(clients)]


def account_at(connection: Connection, code: str, number: str) -> Account:
    """Make a funded manual account that the broker knows by the number, with limits that do not count."""
    account = Account.objects.create(
        code=code,
        name=code,
        tier=Account.Tier.MANUAL,
        connection=connection,
        broker_account=number,
        baseline=CASH,
        position_order=100 + Account.objects.count(),
    )
    deposit(account, CASH, world.START, "Benchmark")
    for limit in list(Limit.objects.filter(account=None, underlying="")):
        _widen(limit, account)
    return account


def _client(connection: Connection, number: int) -> tuple[str, str]:
    now = utc_now()
    code = f"BENCH-{number}"
    account = account_at(connection, code, f"PAPER-{code}")
    PaperAccount.objects.create(number=account.broker_account, cash=CASH)
    user = User.objects.create_user(f"bench{number}", password=None)
    AccountGrant.objects.create(user=user, account=account, role=Role.TRADER)
    Mandate.objects.create(
        account=account,
        grantee=user,
        signed_by=User.objects.get(username="risk"),
        max_order_cash=CASH,
        reason="A benchmark on simulated money.",
        signed_at=now,
        expires_at=now + timedelta(days=1),
    )
    _, key = tokens.issue(user=user, name="bench", scopes=["read", "trade", "approve"], actor="desk:benchmark", now=now)
    return code, key


COUNTED = (
    "messages_minute",
    "messages_second",
    "open_orders",
    "open_orders_name",
    "order_contracts",
    "order_notional",
    "notional_day",
    "order_replaces",
    "repeated_fills",
    "losses_in_row",
)


def _widen(limit: Limit, account: Account) -> None:
    """Lift what counts messages, sizes and losses, so that the benchmark measures the checks and not the refusals."""
    if limit.code in COUNTED:
        Limit.objects.create(
            code=limit.code, account=account, unit=limit.unit, soft=None, hard=WIDE, effective_at=limit.effective_at
        )


def commands(web: int, sockets: int) -> dict[str, list[str]]:
    """Return the processes of the road, as the Procfile starts them."""
    lines = (line.split(":", 1) for line in (ROOT / "Procfile").read_text().splitlines() if ":" in line)
    values = {"$HOST": "127.0.0.1", "$PORT": str(web), "$SOCKET_PORT": str(sockets), "$VAR_DIR": os.environ["VAR_DIR"]}
    found = {}
    for name, command in lines:
        words = [values.get(word, word) for word in command.replace("$VAR_DIR", os.environ["VAR_DIR"]).split()]
        found[name] = [str(BIN / words[0]), *words[1:]]
    del found["beat"], found["worker"]  # no strategy: its orders are not ours to count
    return found


def asks(symbols: tuple[str, ...]) -> dict[str, Decimal]:
    """Return the asks, once the feed shows them."""
    deadline = time.monotonic() + QUOTES_WITHIN
    while True:
        latest = quotes.latest(symbols)
        if len(latest) == len(symbols):
            return {symbol: quote.ask or Decimal(0) for symbol, quote in latest.items()}
        if time.monotonic() > deadline:
            raise TimeoutError("The feed shows no quotes.")
        time.sleep(0.2)


def sessions(count: int) -> list[str]:
    """Return session cookies of as many signed-in browsers."""
    user = User.objects.get(username="approver")
    keys = []
    for _ in range(count):
        store = SessionStore()
        store[SESSION_KEY] = str(user.pk)
        store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        store[HASH_SESSION_KEY] = user.get_session_auth_hash()
        store.create()
        keys.append(str(store.session_key))
    return keys


def proposal(code: str, number: int) -> tuple[str, str]:
    """Make one proposal through the strategy's own door; return its id and the hash of its card."""
    now, account = utc_now(), Account.objects.select_related("connection").get(code=code)
    ask = asks(("AAPL",))["AAPL"]
    ticket = OrderTicket(
        account=code,
        underlying="AAPL",
        legs=(TicketLeg("AAPL", Side.BUY, PositionEffect.OPEN, multiplier=1),),
        quantity=1 + number,
        ord_type=OrdType.LIMIT,
        time_in_force=TimeInForce.DAY,
        price_effect=PriceEffect.DEBIT,
        limit_price=round(ask * Decimal("1.01"), 2),
    )
    request = exposures.gate_request(account, ticket, now=now, is_manual=False)
    reasons = Reasons(Proposal.Strategy.BUY_TO_CLOSE, why={"sentence": "A benchmark.", "rules": []}, alternatives=())
    wanted = Offer(account, ticket, reasons, approvals_needed=1, minutes=15, fee=Decimal(0))
    made = offer(wanted, request, gate.assess(request), now=now)
    return str(made.pk), made.content_hash


def wait_until_connected() -> None:
    """Return once the broker worker has reconciled, and the monitor watches the risk."""
    deadline = time.monotonic() + QUOTES_WITHIN
    while Connection.objects.get().state != Connection.State.UP:
        if time.monotonic() > deadline:
            raise TimeoutError("The broker worker did not connect.")
        time.sleep(0.2)
    wait_until_watched()


def wait_until_watched() -> None:
    """Return once the monitor has looked at the risk: nothing opens before."""
    deadline = time.monotonic() + QUOTES_WITHIN
    while risk_sheet.sheet() is None:
        if time.monotonic() > deadline:
            raise TimeoutError("The monitor does not look at the risk.")
        time.sleep(0.2)


def verify() -> dict[str, int]:
    """Hold orders, executions, positions, the broker's books and the audit trail against each other."""
    orders = Order.objects.filter(account__code__startswith="BENCH")
    executions = Execution.objects.filter(order__in=orders)
    audited = AuditEntry.objects.filter(action="order.staged").values("subject").distinct().count()
    sums = {
        (row["account_id"], row["instrument_id"]): row["qty"]
        for row in executions.values("account_id", "instrument_id").annotate(qty=Sum("qty"))
    }
    held = {(p.account_id, p.instrument_id): p.qty for p in Position.objects.filter(account__code__startswith="BENCH")}
    theirs = dict(
        PaperPosition.objects.filter(account__number__startswith="PAPER-BENCH")
        .values_list("symbol")
        .annotate(Sum("qty"))
    )
    ours = dict(
        Position.objects.filter(account__code__startswith="BENCH")
        .values_list("instrument__symbol")
        .annotate(Sum("qty"))
    )
    faults = {
        "unfilled": orders.exclude(status="FILLED").count(),
        "without_verdict": orders.filter(verdict=None).count(),
        "unaudited": abs(audited - orders.count()),
        "misfilled": orders.annotate(done=Coalesce(Sum("executions__qty"), 0)).exclude(done=F("order_qty")).count(),
        "doubled": executions.values("exec_id", "leg").annotate(n=Count("id")).filter(n__gt=1).count(),
        "positions_differ": sum(sums.get(key) != qty for key, qty in held.items()) + abs(len(sums) - len(held)),
        "broker_differs": sum(theirs.get(symbol) != qty for symbol, qty in ours.items()),
        "executions_differ": abs(
            PaperExecution.objects.filter(order__account__number__startswith="PAPER-BENCH").count() - executions.count()
        ),
    }
    return {"orders": orders.count(), "wrong": sum(faults.values()), **faults}
