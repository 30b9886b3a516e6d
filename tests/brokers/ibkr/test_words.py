"""What a faithful gateway may say, and seldom does: taken where it is plain, asked about or alerted to where not."""

import asyncio
import struct
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
import pytest_asyncio

from allcore.kernel.errors import UnavailableError
from allcore.kernel.reports import ReportKind
from tests.brokers.contract import LOOK_BACK, listed, working
from tests.brokers.ibkr.desks import IbkrDesk, opened
from tests.brokers.servers.tws.messages import Writer
from tests.brokers.servers.tws.wire import frame
from tests.builders.paper import PUT, buy

PERM = 1_000_000_001
UNSET = "1.7976931348623157E308"
UNSET_DECIMAL = "170141183460469231731687303715884105727"


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[IbkrDesk]:
    desk = await opened()
    yield desk
    await desk.close()


def hear_of(desk: IbkrDesk, *messages: bytes) -> None:
    next(iter(desk.server.lines.values())).send(*messages)


def writer(desk: IbkrDesk) -> Writer:
    return next(iter(desk.server.lines.values())).say


def status(
    word: str, *, filled: object = 0, order_id: int = 1, client: int = 7, perm: int = PERM, why: str = ""
) -> bytes:
    return frame(3, order_id, word, filled, 1, 0, perm, 0, 0, client, why, 0)


def altered(message: bytes, old: bytes, new: bytes) -> bytes:
    """Return the message with some fields replaced."""
    body = message[4:]
    assert old in body
    changed = body.replace(old, new, 1)
    return struct.pack(">I", len(changed)) + changed


async def alerts(desk: IbkrDesk) -> str:
    return str((await desk.session.health()).details["alerts"])


async def test_a_status_before_the_order_acknowledges_it_once(desk: IbkrDesk) -> None:
    desk.faults.mute = True
    await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))
    await desk.settle()

    for _ in range(3):
        hear_of(desk, status("PreSubmitted"), status("Submitted"))
    await desk.settle()

    assert (await desk.hear(ReportKind.ACK)).broker_order_id == str(PERM)
    await desk.quiet()


async def test_an_order_told_without_its_status_is_acknowledged(desk: IbkrDesk) -> None:
    desk.faults.mute = True
    await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))
    await desk.settle()

    hear_of(desk, writer(desk).open_order(desk.exchange.orders[1], "Submitted"))

    await desk.hear(ReportKind.ACK)


@pytest.mark.parametrize("word", ["Cancelled", "ApiCancelled"])
async def test_a_cancel_told_by_the_order_alone_is_its_answer(desk: IbkrDesk, word: str) -> None:
    await working(desk, "C1", buy(PUT, "4.00"))
    desk.faults.mute = True
    await desk.session.cancel(desk.account, "C2", "C1")
    await desk.settle()

    hear_of(desk, writer(desk).open_order(desk.exchange.orders[1], word))

    assert (await desk.hear(ReportKind.CANCEL_ACK)).cl_ord_id == "C2"


async def test_a_pending_cancel_is_no_end(desk: IbkrDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.00"))

    hear_of(desk, status("PendingCancel"), status("PendingCancel"))
    await desk.settle()

    await desk.quiet()
    await desk.show(PUT, "3.90", "4.00")
    await desk.hear(ReportKind.FILL)


async def test_an_inactive_order_that_the_gateway_works_lives_on(desk: IbkrDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.00"))

    hear_of(desk, status("Inactive"))
    await desk.settle()

    await desk.quiet()


def keep_inactive(desk: IbkrDesk) -> None:
    """Let the gateway list each order as inactive, whatever becomes of it."""
    say = writer(desk)
    original = say.order_status, say.open_order
    say.order_status = lambda one, _, **more: original[0](one, "Inactive", **more)  # type: ignore[method-assign]
    say.open_order = lambda one, _, **more: original[1](one, "Inactive", **more)  # type: ignore[method-assign]


async def test_an_inactive_order_that_is_listed_as_such_is_rejected_and_asked_about_a_few_times(desk: IbkrDesk) -> None:
    desk.faults.mute = True
    await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))
    await desk.settle()
    keep_inactive(desk)

    hear_of(desk, writer(desk).order_status(desk.exchange.orders[1], ""))

    report = await desk.hear(ReportKind.REJECT)
    assert (report.reason, "gives no reason" in report.text) == ("INACTIVE", True)
    assert desk.server.heard[16] <= 6
    assert "C1 as inactive" in await alerts(desk)


async def test_an_inactive_order_is_rejected_for_the_code_that_came_with_it(desk: IbkrDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.00"))
    keep_inactive(desk)

    hear_of(desk, frame(4, 2, 1, 201, "Order rejected - reason:MARGIN", ""), status("Inactive"))

    await desk.hear(ReportKind.UNSOLICITED_CANCEL)
    assert desk.heard[-1].reason == "REJECTED_BY_BROKER"
    assert await alerts(desk) == "[]"


@pytest.mark.parametrize("acknowledged", [False, True])
async def test_an_inactive_order_that_somebody_takes_up_again_is_acknowledged_again(
    desk: IbkrDesk, acknowledged: bool
) -> None:
    desk.faults.mute = not acknowledged
    await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))
    if acknowledged:
        await desk.hear(ReportKind.ACK)
    await desk.settle()
    desk.faults.mute = False
    say = writer(desk)
    whole = say.order_status, say.open_order
    keep_inactive(desk)
    hear_of(desk, status("Inactive"))
    await desk.hear(ReportKind.REJECT)
    say.order_status, say.open_order = whole  # type: ignore[method-assign]

    hear_of(desk, status("Submitted"), status("Submitted"))

    await desk.hear(ReportKind.ACK)
    await desk.show(PUT, "3.90", "4.00")
    await desk.hear(ReportKind.FILL)
    await desk.quiet()


async def test_a_status_that_no_table_has_is_asked_about_once_and_alerts(desk: IbkrDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.00"))
    asked = desk.server.heard[16]
    original = writer(desk).order_status
    writer(desk).order_status = lambda one, _, **more: original(one, "Paused", **more)  # type: ignore[method-assign]

    for _ in range(3):
        hear_of(desk, status("Paused"))
    await desk.settle()

    assert desk.server.heard[16] == asked + 1
    assert "'Paused' of order C1" in await alerts(desk)
    await desk.quiet()


async def test_a_status_of_another_client_s_order_with_our_number_is_not_ours(desk: IbkrDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.00"))

    hear_of(desk, status("Cancelled", client=9, perm=555), status("Cancelled", client=0, order_id=-1, perm=556))
    hear_of(desk, status("Cancelled", client=-1, order_id=0, perm=0))
    await desk.settle()
    await asyncio.sleep(0.3)  # longer than an end waits for its reason

    await desk.quiet()
    assert [(o.cl_ord_id, o.status) for o in await listed(desk)] == [("C1", "NEW")]


async def test_a_copy_of_our_order_made_by_hand_is_not_our_order(desk: IbkrDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.00"))
    copied = altered(
        altered(writer(desk).open_order(desk.exchange.orders[1], "Submitted"), b"\x001000000001\x00", b"\x00777\x00"),
        b"5\x001\x00", b"5\x000\x00",
    )  # fmt: skip
    copied = altered(copied, b"C1\x007\x00", b"C1\x000\x00")

    hear_of(desk, copied, status("Cancelled", client=0, order_id=0, perm=777))
    await desk.settle()
    await asyncio.sleep(0.3)  # longer than an end waits for its reason
    await desk.settle()

    await desk.quiet()
    assert desk.keys.rows["C1"].chain == ("7:1", str(PERM))


@pytest.mark.parametrize("filled", [UNSET, UNSET_DECIMAL, "", "0.0"])
async def test_a_quantity_that_is_not_set_is_none(desk: IbkrDesk, filled: str) -> None:
    await working(desk, "C1", buy(PUT, "4.00"))

    hear_of(desk, status("Submitted", filled=filled))
    await desk.settle()

    assert [(o.status, o.cum_qty) for o in await listed(desk)] == [("NEW", 0)]
    assert await alerts(desk) == "[]"


async def test_a_status_that_cannot_be_read_alerts_and_asks(desk: IbkrDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.00"))
    asked = desk.server.heard[16]

    hear_of(desk, frame(3, 1, "Submitted", "x", 1, 0, PERM, 0, 0, 7, "", 0))
    await desk.settle()

    assert desk.server.heard[16] == asked + 1
    assert "orderStatus could not be read" in await alerts(desk)


async def test_an_answer_of_which_a_part_cannot_be_read_is_no_answer(desk: IbkrDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.00"))
    whole = writer(desk).open_order
    writer(desk).open_order = lambda *_, **__: frame(5, 1, "x")  # type: ignore[method-assign]

    with pytest.raises(UnavailableError, match="could not be read"):
        await listed(desk)

    writer(desk).open_order = whole  # type: ignore[method-assign]
    assert [(o.cl_ord_id, o.status) for o in await listed(desk)] == [("C1", "NEW")]


async def test_two_orders_that_have_no_permanent_id_yet_are_two(desk: IbkrDesk) -> None:
    for number in (1, 2):
        await working(desk, f"C{number}", buy(PUT, "4.00"))
        desk.server.exchange.orders[number].extra["card"].perm_id = 0  # type: ignore[attr-defined]

    assert sorted(o.cl_ord_id for o in await listed(desk)) == ["C1", "C2"]


async def test_a_fill_told_by_the_status_alone_is_asked_for(desk: IbkrDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.00"))
    desk.faults.mute = True
    desk.exchange.show(PUT, "3.90", "4.00")
    desk.faults.mute = False

    hear_of(desk, status("Filled", filled=1))

    assert (await desk.hear(ReportKind.FILL)).combo_qty == 1
    assert desk.server.heard[7] == 2  # at the start, and now


def trade(desk: IbkrDesk, **changes: str) -> list[bytes]:
    """Return an execution of an order that is nobody's here, by hand, with its commission."""
    fields = {"id": "0000e0d5.6553c3b9.01.01", "side": "BOT", "shares": "1", "price": "4.10", "type": "OPT"} | changes
    contract = [1, "TSLA", fields["type"], "20260612", 250, "P", 100, "CBOE", "USD", fields.get("local", PUT), "TSLA"]
    at = "20261123-14:30:00"
    about = [at, "DU1", "CBOE", fields["side"], fields["shares"], fields["price"], 888, 0, 0, 1, 4.1, "", "", "", "", 2]
    return [
        frame(11, -1, 0, *contract, fields["id"], *about, 0),
        frame(59, 1, fields["id"], "0.65", "USD", UNSET, UNSET, ""),
    ]


async def test_an_execution_by_hand_waits_for_its_commission(desk: IbkrDesk) -> None:
    hear_of(desk, *trade(desk))

    fill = await desk.hear(ReportKind.FILL)
    assert [(f.symbol, f.qty, f.fee) for f in fill.fills] == [(PUT, 1, Decimal("0.65"))]


async def test_a_commission_before_its_execution_belongs_to_it(desk: IbkrDesk) -> None:
    execution, commission = trade(desk)

    hear_of(desk, commission, execution)

    assert (await desk.hear(ReportKind.FILL)).fills[0].fee == Decimal("0.65")


async def test_a_commission_that_is_not_known_yet_is_waited_for(desk: IbkrDesk) -> None:
    execution, commission = trade(desk)

    hear_of(desk, execution, altered(commission, b"0.65", UNSET.encode()))
    await desk.settle()
    hear_of(desk, commission)

    assert (await desk.hear(ReportKind.FILL)).fills[0].fee == Decimal("0.65")


async def test_a_commission_that_comes_too_late_alerts(desk: IbkrDesk) -> None:
    execution, commission = trade(desk)
    hear_of(desk, execution)
    assert (await desk.hear(ReportKind.FILL)).fills[0].fee == 0

    hear_of(desk, commission)
    await desk.settle()

    assert "cost 0.65, which came after" in await alerts(desk)


@pytest.mark.parametrize(("side", "is_buy"), [("BOT", True), ("BUY", True), ("SLD", False), ("SELL", False)])
async def test_a_side_is_read_in_either_word(desk: IbkrDesk, side: str, is_buy: bool) -> None:
    hear_of(desk, *trade(desk, side=side))

    assert ((await desk.hear(ReportKind.FILL)).fills[0].side == "BUY") is is_buy


@pytest.mark.parametrize("changes", [{"side": "?"}, {"price": UNSET}, {"price": ""}, {"shares": ""}, {"shares": "x"}])
async def test_an_execution_that_is_not_plain_is_not_booked(desk: IbkrDesk, changes: dict[str, str]) -> None:
    hear_of(desk, *trade(desk, **changes))
    await desk.settle()

    assert "execDetails could not be read" in await alerts(desk)
    await desk.quiet()


async def test_an_execution_of_what_the_desk_has_no_name_for_is_told_under_the_broker_s(desk: IbkrDesk) -> None:
    hear_of(desk, *trade(desk, type="CASH", local="EUR.USD", shares="20000"))

    assert [(f.symbol, f.qty) for f in (await desk.hear(ReportKind.FILL)).fills] == [("EUR.USD", 20000)]
    assert await alerts(desk) == "[]"


async def test_executions_whose_names_have_no_versions_are_each_their_own(desk: IbkrDesk) -> None:
    for name in ("first", "second", "9.1", "9.2"):
        hear_of(desk, *trade(desk, id=name))

    heard = [await desk.hear(ReportKind.FILL) for _ in range(4)]

    assert [r.fills[0].exec_id for r in heard] == ["first", "second", "9.1", "9.2"]


async def test_a_field_more_or_less_at_the_end_changes_nothing(desk: IbkrDesk) -> None:
    execution, commission = trade(desk)
    fields = commission[4:] + b"more\0"
    await working(desk, "C1", buy(PUT, "4.00"))

    hear_of(desk, execution, struct.pack(">I", len(fields)) + fields, frame(4, 2, 1, 399, "Held until the open."))

    assert (await desk.hear(ReportKind.FILL)).fills[0].fee == Decimal("0.65")
    await desk.quiet()
    assert await alerts(desk) == "[]"


async def test_a_correction_made_while_away_names_what_it_corrects_and_is_no_second_fill(desk: IbkrDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.20", qty=2))
    told = await desk.hear(ReportKind.FILL)
    await desk.cut()
    desk.exchange.correct(desk.exchange.executions[0].exec_id, px="4.15")
    await desk.reconnect()

    order = (await listed(desk))[0]

    first, correction = order.fills
    assert (first.kind, first.fills[0].exec_id) == (ReportKind.FILL, told.fills[0].exec_id)
    assert (correction.kind, correction.ref_exec_id) == (ReportKind.CORRECT, told.fills[0].exec_id)
    assert (correction.fills[0].px, order.cum_qty) == (Decimal("4.15"), 2)
    await desk.quiet()


async def test_a_correction_after_one_made_while_away_names_that_one(desk: IbkrDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.20", qty=2))
    await desk.hear(ReportKind.FILL)
    await desk.cut()
    desk.exchange.correct(desk.exchange.executions[0].exec_id, px="4.15")
    await desk.reconnect()
    correction = (await listed(desk))[0].fills[1]

    desk.exchange.correct(desk.exchange.executions[0].exec_id, px="4.10")

    assert (await desk.hear(ReportKind.CORRECT)).ref_exec_id == correction.fills[0].exec_id


async def test_cash_that_is_not_told_in_dollars_is_not_nothing(desk: IbkrDesk) -> None:
    gateway = desk.session._gateway
    assert gateway is not None
    summary = gateway.ears.accountSummary
    gateway.ears.accountSummary = lambda *a: summary(*a[:3], "", a[4])  # type: ignore[method-assign,call-arg]

    status = await desk.session.mass_status(desk.now() - LOOK_BACK)

    assert status.balances == ()
    assert "no cash in dollars of account DU1" in await alerts(desk)


@pytest.mark.parametrize("code", [2103, 2104, 2105, 2106, 2107, 2108, 2119, 2158])
async def test_farms_that_come_and_go_are_no_alert(desk: IbkrDesk, code: int) -> None:
    desk.server.broadcast(code, "A farm.")
    await desk.settle()

    assert await alerts(desk) == "[]"


async def test_a_code_about_the_line_that_is_no_notice_alerts(desk: IbkrDesk) -> None:
    desk.server.broadcast(1300, "Socket port has been reset and this connection is being dropped.")
    await desk.settle()

    assert "1300: Socket port has been reset" in await alerts(desk)


@pytest.mark.parametrize("code", [1100, 2110])
async def test_nothing_leaves_while_the_gateway_has_no_line_to_the_broker(desk: IbkrDesk, code: int) -> None:
    desk.server.broadcast(code, "Connectivity is broken.")
    await desk.settle()

    with pytest.raises(UnavailableError):
        await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))


async def test_a_notice_about_a_preview_does_not_refuse_it(desk: IbkrDesk) -> None:
    server_preview = desk.session.preview(desk.account, buy(PUT, "4.20"))
    asking = asyncio.create_task(server_preview)
    gateway = desk.session._gateway
    assert gateway is not None
    while not any(isinstance(key, int) and key < 100 for key in gateway.ears._questions):  # noqa: ASYNC110 a turn or two
        await asyncio.sleep(0)

    gateway.ears.error(1, 399, "Warning: your order will not be placed at the exchange until 09:30:00.")

    assert (await asking).commission == Decimal("0.65")


async def test_a_doubt_that_was_not_answered_is_asked_about_again(desk: IbkrDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.00"))
    await desk.fail_next_query()
    desk.session._desk.room.settings = desk.session._settings

    desk.server.say(1, 201, "Order rejected.")
    await desk.settle()

    async with asyncio.timeout(2):
        while desk.server.heard[16] < 3:  # noqa: ASYNC110 the start's, the one unanswered, and the next
            await asyncio.sleep(0.01)
    await desk.quiet()
