"""Approvals and orders in pairs and threes, each of which may make one order. Imported once Django is set up."""

import json
import os
import queue
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

from django.db import IntegrityError, connection

from allcore.kernel.clock import utc_now
from benchmarks import fixtures
from tests.chaos import verdict
from tests.chaos.caller import Answer, Caller
from tests.chaos.desk import desk
from tests.chaos.prices import Prices
from tests.chaos.suite import SYMBOLS, wait_for_all
from trading.models import Proposal
from trading.services.endings import withdraw

THREADS = 8
WEBS = 3
ACCOUNTS = 24  # each has one open proposal of a kind at most
IN_THE_AIR = 32  # requests waiting for a thread: a proposal is approved while its prices are fresh
ANSWERED_WITHIN = 60.0
BOOKED_WITHIN = 120.0
OUTRUN = timedelta(seconds=5)
CONTRADICTS = 10  # one order in so many is asked for with another body too
REUSED = (422, "IDEMPOTENCY_KEY_REUSED")


@dataclass(frozen=True, slots=True)
class Post:
    """One request. Those of one `subject` may make one order in all; those of one key and body have one answer."""

    subject: str
    path: str
    body: dict[str, object]
    token: str
    key: str


@dataclass(slots=True)
class Answers:
    """What was answered, by subject."""

    heard: dict[str, list[tuple[Post, Answer]]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    retries: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


def run() -> tuple[dict[str, object], dict[str, int]]:
    """Return what happened, and how often each promise was broken."""
    wanted, seed = int(os.environ.get("ORDERS") or 10_000), os.environ.get("SEED") or "1"
    tokens = fixtures.trading_desk(clients=ACCOUNTS)
    with desk(webs=WEBS, brokers=1, seed=seed, silence=60.0) as calm:
        (calm.folder / "calm").touch()
        wait_for_all(calm)
        fixtures.wait_until_connected()
        began = time.monotonic()
        answers = _blow(calm.webs, tokens, wanted)
        seconds = time.monotonic() - began
        accepted, counts, broken = _judged(answers)
        broken |= _books(accepted)
    requests = sum(len(heard) for heard in answers.heard.values())
    told = {"requests": requests, "requests_per_s": round(requests / seconds, 1), "retries": answers.retries}
    return {**told, "answers": dict(sorted(counts.items())), **verdict.counts()}, broken


def _blow(webs: Sequence[int], tokens: Sequence[tuple[str, str]], wanted: int) -> Answers:
    answers = Answers()
    waiting: queue.Queue[Post | None] = queue.Queue(IN_THE_AIR)
    threads = [threading.Thread(target=_send, args=(waiting, Caller(webs, n), answers)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    try:
        for post in _posts(tokens, wanted):
            waiting.put(post)
    finally:
        for _ in threads:
            waiting.put(None)
        for thread in threads:
            thread.join()
    return answers


def _send(waiting: "queue.Queue[Post | None]", caller: Caller, answers: Answers) -> None:
    while (post := waiting.get()) is not None:
        try:
            until = time.monotonic() + ANSWERED_WITHIN
            answer = caller.post(post.path, post.body, token=post.token, key=post.key, until=until)
        except Exception as e:  # noqa: BLE001 the others go on; this one is told at the end
            with answers.lock:
                answers.failures.append(f"{post.key}: {e!r}")
            continue
        with answers.lock:
            answers.heard.setdefault(post.subject, []).append((post, answer))
    with answers.lock:
        answers.retries += caller.counts["retries"]


def _posts(tokens: Sequence[tuple[str, str]], wanted: int) -> Iterator[Post]:
    """Yield an approval three times (twice by one key, once by another) and an order twice, sometimes contradicted."""
    prices = Prices(SYMBOLS)
    prices.start()
    try:
        for number in range(wanted):
            account, token = tokens[number % len(tokens)]
            proposal, shown = _proposal(account, number)
            first, second = uuid4().hex, uuid4().hex
            path = f"/api/v1/proposals/{proposal}/approval/"
            for key in (first, second, first):
                yield Post(f"proposal:{proposal}", path, {"content_hash": shown}, token, key)
            order = _order(account, number // len(tokens), prices)
            for body in (order, order, {**order, "quantity": 99})[: 2 + (number % CONTRADICTS == 0)]:
                yield Post(first, "/api/v1/orders/", body, token, f"order-{first}")
    finally:
        prices.stop()


def _proposal(account: str, number: int) -> tuple[str, str]:
    """Make a proposal; one before it that its prices outran is withdrawn first, as the strategy does."""
    deadline = time.monotonic() + ANSWERED_WITHIN
    while True:
        old = Proposal.objects.filter(account__code=account, status="PENDING", proposed_at__lt=utc_now() - OUTRUN)
        for pk in old.values_list("pk", flat=True):
            withdraw(pk, reason="The market has moved.", now=utc_now())
        try:
            return fixtures.proposal(account, number % 200)
        except IntegrityError:  # the one before it is being decided
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _order(account: str, number: int, prices: Prices) -> dict[str, object]:
    """Return an order near the market, unlike those of the ten seconds before it."""
    symbol = SYMBOLS[number % len(SYMBOLS)]
    return {
        "account": account,
        "underlying": symbol,
        "legs": [{"symbol": symbol, "side": "BUY", "position_effect": "OPEN"}],
        "quantity": 1 + number % 40,
        "ord_type": "LIMIT",
        "limit_price": f"{prices.ask(symbol) * 1.01 + number % 50 / 100:.2f}",
    }


def _judged(answers: Answers) -> tuple[dict[str, str], Counter[str], dict[str, int]]:
    """Return the ClOrdIDs told, how often what was answered, and where an answer was not what was promised."""
    accepted: dict[str, str] = {}
    counts: Counter[str] = Counter()
    differing = doubled = contradicted = 0
    for subject, heard in answers.heard.items():
        counts.update(f"{'approval' if ':' in subject else 'order'}_{a.status}_{a.code}" for _, a in heard)
        orders = {_order_of(answer) for _, answer in heard if answer.status == 201}
        doubled += max(len(orders) - 1, 0)
        if orders:
            accepted[subject] = min(orders)
        by_key: dict[str, list[tuple[str, Answer]]] = {}
        for post, answer in heard:
            if (answer.status, answer.code) != REUSED:
                by_key.setdefault(post.key, []).append((str(post.body), answer))
        differing += sum(
            len({(a.status, json.dumps(a.body, sort_keys=True)) for _, a in told}) > 1 for told in by_key.values()
        )
        contradicted += sum(len({body for body, _ in told}) > 1 for told in by_key.values())
    broken = {"answers_differ": differing, "doubled": doubled, "contradictions_taken": contradicted}
    return accepted, counts, {**broken, "unanswered": len(answers.failures)}


def _order_of(answer: Answer) -> str:
    order = answer.body.get("order", answer.body)
    return str(order.get("cl_ord_id")) if isinstance(order, dict) else ""


def _books(accepted: dict[str, str]) -> dict[str, int]:
    """Wait until all is booked, and return what does not agree."""
    connection.close()
    deadline = time.monotonic() + BOOKED_WITHIN
    while True:
        broken = verdict.violations(accepted)
        if not any(broken.values()) or time.monotonic() > deadline:
            return broken
        time.sleep(1.0)
