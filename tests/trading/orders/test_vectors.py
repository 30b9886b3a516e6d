"""The published scenarios of the order's life, each to the letter."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from allcore.kernel.orders import OrdStatus
from trading.domain.orders import table
from trading.domain.orders.lifecycle import Event, EventKind, IllegalTransitionError, OrderState, apply

DATA = Path(__file__).parents[2] / "data"


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DATA / name).read_text(), parse_float=Decimal)
    return found


VECTORS, OWN = read("order_fsm.json"), read("own_order_fsm.json")
ORDER_QTY = 10


def played(events: list[dict[str, Any]], *, order_qty: int = ORDER_QTY, price: object = 1) -> OrderState:
    state = OrderState(order_qty=order_qty, chain=("C1",), price=Decimal(str(price)))
    replaces = 1
    for data in events:
        replaces += data["e"] == "replace_req"
        own_id = {"cl_ord_id": f"C{replaces}"} if data["e"] == "replace_req" else {}
        state = apply(state, Event.read(data["e"], own_id | data)).state
    return state


def snapshot(state: OrderState) -> dict[str, object]:
    return {
        "status": state.status,
        "fix_ord_status": state.fix_ord_status,
        "order_qty": state.order_qty,
        "cum_qty": state.cum_qty,
        "leaves_qty": state.leaves_qty,
        "avg_px": state.avg_px,
        "overfill_qty": state.overfill_qty,
        "chain": list(state.chain),
        "price": state.price,
        "alerts": list(state.alerts),
        "ignored": state.ignored,
    }


@pytest.mark.parametrize("scenario", VECTORS["scenarios"] + OWN["scenarios"], ids=lambda scenario: scenario["id"])
def test_each_scenario_ends_as_published(scenario: dict[str, Any]) -> None:
    state = played(scenario["events"], order_qty=scenario["order_qty"], price=scenario["limit_price"])

    found = snapshot(state)
    assert {name: found[name] for name in scenario["expected"]} == scenario["expected"]
    assert found == scenario.get("final_snapshot", found)


@pytest.mark.parametrize("case", VECTORS["illegal"] + OWN["illegal"], ids=lambda case: case["id"])
def test_each_illegal_event_is_refused_and_those_before_it_are_not(case: dict[str, Any]) -> None:
    before, illegal = case["events"][: case["illegal_event_index"]], case["events"][case["illegal_event_index"]]
    state = played(before)

    with pytest.raises(IllegalTransitionError):
        apply(state, Event.read(illegal["e"], {"cl_ord_id": "C9", **illegal}))


Said = list[dict[str, Any]]
SENT: Said = [{"e": "submit"}, {"e": "risk_pass"}, {"e": "send"}]
WORKING: Said = [*SENT, {"e": "ack"}]
WAITING: Said = [{"e": "submit"}, {"e": "risk_pass", "approval": True}]
REACHED: dict[str, Said] = {
    "DRAFT": [],
    "RISK_CHECK": [{"e": "submit"}],
    "DENIED": [{"e": "submit"}, {"e": "risk_fail"}],
    "AWAITING_APPROVAL": WAITING,
    "APPROVAL_DENIED": [*WAITING, {"e": "deny"}],
    "APPROVAL_EXPIRED": [*WAITING, {"e": "ttl"}],
    "HELD": [*WAITING, {"e": "approve", "conditional": True}],
    "READY": SENT[:2],
    "ABANDONED": [{"e": "local_cancel"}],
    "PENDING_NEW": SENT,
    "IN_DOUBT": [*SENT, {"e": "send_timeout"}],
    "NEW": WORKING,
    "PARTIALLY_FILLED": [*WORKING, {"e": "fill", "exec": "e0", "qty": 4, "px": 1}],
    "PENDING_CANCEL": [*WORKING, {"e": "cancel_req"}],
    "PENDING_REPLACE": [*WORKING, {"e": "replace_req", "px": 2}],
    "SUSPENDED": [*WORKING, {"e": "suspend"}],
    "DONE_FOR_DAY": [*WORKING, {"e": "dfd"}],
    "FILLED": [*WORKING, {"e": "fill", "exec": "e0", "qty": 10, "px": 1}],
    "CANCELED": [*WORKING, {"e": "cancel_ack"}],
    "REJECTED": [*SENT, {"e": "reject"}],
    "EXPIRED": [*WORKING, {"e": "expire"}],
}
MATRIX = [
    (status, event, after) for status, row in VECTORS["transition_matrix"].items() for event, after in row.items()
]


def event_of(name: str) -> Event:
    fills = {"fill_partial": 3, "fill_complete": 10}
    if name in fills:
        return Event(EventKind.FILL, exec_id="e1", qty=fills[name], px=Decimal(1))
    if name == "query_not_found_final":
        return Event(EventKind.QUERY_NOT_FOUND, is_final=True)
    return Event(EventKind(name), cl_ord_id="C8" if name == "replace_req" else "", px=Decimal(2))


@pytest.mark.parametrize(("status", "event", "after"), MATRIX)
def test_each_cell_of_the_published_table_holds(status: str, event: str, after: str) -> None:
    state = played(REACHED[status])
    assert state.status == status

    if after == "ILLEGAL":
        with pytest.raises(IllegalTransitionError):
            apply(state, event_of(event))
    else:
        assert apply(state, event_of(event)).state.status == after


def test_the_table_knows_every_status_and_event() -> None:
    assert set(REACHED) == set(OrdStatus) == set(VECTORS["states"])
    assert {kind for _, kind in table.BEFORE_THE_WIRE} | set(table.ON_THE_WIRE) == set(EventKind)
