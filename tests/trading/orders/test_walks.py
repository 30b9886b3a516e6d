"""Long seeded walks: 200,000 steps of whatever a broker may say, and what must hold after each."""

from collections.abc import Iterator
from decimal import Decimal
from random import Random  # noqa: TID251 walks must be long, and the same each time

import pytest

from allcore.kernel.orders import OrdStatus
from trading.domain.books.ledger import cash_flow, trade_postings
from trading.domain.books.lots import Lot, LotMethod, Trade, book
from trading.domain.books.positions import holding, market_value, unrealised
from trading.domain.orders import table
from trading.domain.orders.events import Alert, Event, EventKind
from trading.domain.orders.lifecycle import IllegalTransitionError, IncompleteEventError, OrderState, apply, play

SEEDS = range(20)
STEPS_A_SEED = 8_000  # of orders: 160,000 in all
TRADES_A_SEED = 2_500  # of books: 50,000 in all
LIFE = 40  # steps, after which an order begins anew
KINDS = tuple(EventKind)
EXECUTIONS = ("e1", "e2", "e3", "e4", "e5", "e6")
PRICES = tuple(Decimal(cents) / 100 for cents in (1, 5, 100, 105, 110, 250))
TAKES_BACK = frozenset({EventKind.BUST, EventKind.CORRECT})
WORKING = [Event(EventKind.SUBMIT), Event(EventKind.RISK_PASS), Event(EventKind.SEND), Event(EventKind.ACK)]


def event(random: Random) -> Event:
    return Event(
        kind=random.choice(KINDS),
        exec_id=random.choice(EXECUTIONS),
        new_exec_id=random.choice(("", "c1", "c2")),
        qty=random.randint(1, 12),
        px=random.choice(PRICES),
        cl_ord_id=random.choice(("R1", "R2", "R3")),
        reported=random.choice(("NEW", "CANCELED", "REJECTED", "FILLED", "EXPIRED", "PARTIALLY_FILLED")),
        cum_qty=random.randint(0, 12),
        needs_approval=random.random() < 0.5,
        is_conditional=random.random() < 0.2,
        is_final=random.random() < 0.5,
        is_reinstated=random.random() < 0.5,
    )


def start(random: Random) -> OrderState:
    state = OrderState(order_qty=random.randint(1, 12), chain=("C1",), price=Decimal(1))
    return play(state, WORKING) if random.random() < 0.8 else state


def walk(seed: int) -> Iterator[tuple[OrderState, Event, OrderState]]:
    random = Random(seed)
    state = start(random)
    for step in range(STEPS_A_SEED):
        if step % LIFE == LIFE - 1:
            state = start(random)
        said = event(random)
        try:
            after = apply(state, said).state
        except (IllegalTransitionError, IncompleteEventError):
            after = state
        yield state, said, after
        state = after


@pytest.mark.parametrize("seed", SEEDS)
def test_an_order_s_quantities_and_status_hold_after_every_step(seed: int) -> None:
    for before, said, state in walk(seed):
        leaves, cum, status = state.leaves_qty, state.cum_qty, state.status
        seen = (seed, said, before, state)
        assert leaves >= 0, seen
        assert leaves == 0 or leaves + cum == state.order_qty, seen
        assert cum >= before.cum_qty or said.kind in TAKES_BACK, seen
        assert status is not OrdStatus.FILLED or cum >= state.order_qty, seen
        assert state.base not in table.DONE or leaves == 0, seen
        assert state.overfill_qty == max(cum - state.order_qty, 0), seen
        assert (state.fix_ord_status is None) == (state.base in table.LOCAL), seen
        assert len({fill.exec_id for fill in state.fills}) == len(state.fills), seen
        assert len(state.alerts) >= len(before.alerts), seen
        assert before.cum_qty == 0 or status is not OrdStatus.REJECTED or cum == 0, seen


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_the_stored_state_is_the_state(seed: int) -> None:
    for _, _, state in walk(seed):
        assert OrderState.from_dict(state.as_dict()) == state


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_a_broker_s_word_said_again_changes_no_quantity(seed: int) -> None:
    repeatable = (EventKind.FILL, EventKind.ACK, EventKind.CANCEL_ACK, EventKind.EXPIRE, EventKind.RESTATE)
    for before, said, state in walk(seed):
        if said.kind in repeatable and state is not before:
            again = apply(state, said).state
            assert (again.cum_qty, again.leaves_qty, again.avg_px) == (state.cum_qty, state.leaves_qty, state.avg_px)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("method", [LotMethod.FIFO, LotMethod.LIFO, LotMethod.AVERAGE])
def test_realised_and_unrealised_are_cash_and_market_value_after_every_trade(seed: int, method: LotMethod) -> None:
    random = Random(seed)
    lots: tuple[Lot, ...] = ()
    realised = cash = Decimal(0)
    tolerance = Decimal("1e-9") if method is LotMethod.AVERAGE else Decimal(0)  # of thirds, which only an average makes
    for number in range(TRADES_A_SEED // 3):
        if number % LIFE == 0:
            lots, realised, cash = (), Decimal(0), Decimal(0)
        qty = random.choice((-7, -3, -2, -1, 1, 2, 3, 7))
        px, mark = random.choice(PRICES), random.choice(PRICES)
        result = book(lots, Trade(qty, px, 100, key=number), method)
        lots, realised = result.lots, realised + result.realised
        cash += cash_flow(trade_postings(qty, px, 100, Decimal(0)))
        held = holding(lots)
        gap = realised + unrealised(held, mark, 100) - cash - market_value(held.qty, mark, 100)
        assert abs(gap) <= tolerance, (seed, number, method, gap)


def test_an_execution_told_again_after_its_correction_is_not_another_one() -> None:
    first = Event(EventKind.FILL, exec_id="e1", qty=6, px=Decimal(1))
    corrected = Event(EventKind.CORRECT, exec_id="e1", new_exec_id="c1", qty=4, px=Decimal(1))
    state = play(OrderState(order_qty=10, chain=("C1",), price=Decimal(1)), [*WORKING, first, corrected])

    again = play(state, [first, corrected])

    assert (state.cum_qty, again.cum_qty, again.fills) == (4, 4, state.fills)


def test_a_correction_may_not_take_another_execution_s_id() -> None:
    fills = [Event(EventKind.FILL, exec_id=name, qty=2, px=Decimal(1)) for name in ("e1", "e2")]
    state = play(OrderState(order_qty=10, chain=("C1",), price=Decimal(1)), [*WORKING, *fills])

    applied = apply(state, Event(EventKind.CORRECT, exec_id="e1", new_exec_id="e2", qty=3, px=Decimal(1)))

    assert (applied.state.cum_qty, applied.alerts) == (4, (Alert.EXEC_ID_CONFLICT,))


def test_a_restatement_is_told_once() -> None:
    state = play(OrderState(order_qty=10, chain=("C1",), price=Decimal(1)), WORKING)

    once = apply(state, Event(EventKind.RESTATE, qty=20))
    again = apply(once.state, Event(EventKind.RESTATE, qty=20))

    assert (once.state.order_qty, once.alerts) == (20, (Alert.RESTATED,))
    assert (again.state.order_qty, again.alerts, again.ignored) == (20, (), True)


def test_a_restatement_never_takes_back_what_was_filled() -> None:
    filled = [*WORKING, Event(EventKind.FILL, exec_id="e1", qty=6, px=Decimal(1))]
    state = play(OrderState(order_qty=10, chain=("C1",), price=Decimal(1)), filled)

    restated = apply(state, Event(EventKind.RESTATE, qty=4)).state

    assert (restated.order_qty, restated.status, restated.leaves_qty) == (6, OrdStatus.FILLED, 0)
