"""Random lives of an order, told to the core and to a second order written from the text: they agree throughout."""

from decimal import Decimal
from random import Random  # noqa: TID251 walks must be long, and the same each time
from typing import Any

import pytest

from tests.trading.orders.oracle import MATRIX, Illegal, Oracle
from tests.trading.orders.test_vectors import snapshot
from trading.domain.orders.lifecycle import Event, IllegalTransitionError, OrderState, apply

EVENTS = sorted({*next(iter(MATRIX.values()))} - {"fill_partial", "fill_complete", "query_not_found_final"})
EVENTS += ["fill", "fill", "fill", "bust", "correct", "new_session", "query_not_found", "query_status", "replace_req"]
BEGINNINGS: tuple[list[str], ...] = (
    [],
    ["submit", "risk_pass"],
    ["submit", "risk_pass", "send"],
    ["submit", "risk_pass", "send", "ack"],
)
REPORTS = ["NEW", "PARTIALLY_FILLED", "FILLED", "CANCELED", "REJECTED", "EXPIRED", "PENDING_CANCEL"]
WALKS = 200


def said(name: str, chance: Random, number: int, cum: int) -> dict[str, Any]:
    """Return an event of the name with whatever it may say."""
    event: dict[str, Any] = {"e": name}
    match name:
        case "risk_pass" | "approve":
            choices: list[dict[str, Any]] = [{}, {"approval": name == "risk_pass"}, {"conditional": True}]
            event |= chance.choice(choices)
        case "fill" | "correct":
            price = Decimal(chance.choice(["1", "1.1"]))
            event |= {"exec": f"e{chance.randint(1, 5)}", "qty": chance.randint(1, 6), "px": price}
        case "bust":
            event |= {"exec": f"e{chance.randint(1, 5)}", "reinstated": chance.random() < 0.5}
        case "replace_req":
            asked: list[dict[str, Any]] = [{"px": Decimal(3)}, {"qty": chance.randint(1, 15)}, {"qty": 4, "px": 2}]
            event |= {"cl_ord_id": f"C{number + 2}"} | chance.choice(asked)
        case "query_not_found":
            event["final"] = chance.random() < 0.6
        case "query_status":
            event |= {"status": chance.choice(REPORTS), "cum": max(0, cum + chance.choice([-1, 0, 0, 0, 1]))}
        case _:
            pass
    return event


@pytest.mark.parametrize("seed", range(12))
def test_the_core_agrees_with_the_text_on_every_step_of_every_life(seed: int) -> None:
    chance = Random(seed)
    for _ in range(WALKS):
        oracle, state = Oracle(10, Decimal(1)), OrderState(order_qty=10, chain=("C1",), price=Decimal(1))
        names = [*chance.choice(BEGINNINGS), *(chance.choice(EVENTS) for _ in range(chance.randint(3, 16)))]
        told = []
        for number, name in enumerate(names):
            event = said(name, chance, number, oracle.cum)
            told.append(event)
            try:
                oracle.hear(event)
            except Illegal:
                with pytest.raises(IllegalTransitionError):
                    apply(state, Event.read(name, event))
                continue
            state = apply(state, Event.read(name, event)).state

            assert snapshot(state) == oracle.snapshot(), told


def test_an_accepted_replacement_ends_a_doubt_that_outlived_the_day() -> None:
    names = ["submit", "risk_pass", "send", "replace_req", "send_timeout", "dfd", "replace_ack"]
    state = OrderState(order_qty=10, chain=("C1",), price=Decimal(1))

    for name in names:
        event = {"cl_ord_id": "C2", "px": 2} if name == "replace_req" else {}
        state = apply(state, Event.read(name, event)).state

    assert (state.status, state.chain) == ("DONE_FOR_DAY", ("C1", "C2"))
