"""A story read from the books, by its page and its address."""

from datetime import timedelta

import pytest
from django.test import Client

from allcore.accounts.models import User
from allcore.kernel.orders import PositionEffect, PriceEffect, Side
from risk.models import Role
from tests.builders.orders import LOWER_PUT, NOW, leg, make_account, make_instrument, make_sent_order, make_ticket
from tests.builders.reports import assignment, fill, leg_fill
from tests.builders.risk import person
from trading.models import Order
from trading.selectors.stories import NAMES
from trading.services.settle import apply_reports

MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rolled() -> tuple[User, Order]:
    """A put sold, rolled to a lower strike, and assigned."""
    account = make_account()
    first = make_sent_order(make_ticket(account, quantity=1), account, origin="sell")
    apply_reports("paper", [fill(first, leg_fill("e1", 1, "3.10"), at=NOW - 2 * MINUTE)], now=NOW)
    legs = [leg(side=Side.BUY, effect=PositionEffect.CLOSE), leg(LOWER_PUT)]
    roll = make_sent_order(make_ticket(account, legs, quantity=1), account, origin="roll")
    fills = [leg_fill("e2", 1, "4.00", side=Side.BUY), leg_fill("e2", 1, "3.40", symbol=LOWER_PUT, leg=1)]
    apply_reports("paper", [fill(roll, *fills, units=1, at=NOW - MINUTE)], now=NOW)
    apply_reports("paper", [assignment(account, -1, 100, "230", symbol=LOWER_PUT)], now=NOW)
    return person("ann", Role.TRADER).user, first


def test_its_address_tells_the_whole_life(client: Client, rolled: tuple[User, Order]) -> None:
    user, first = rolled
    client.force_login(user)

    story = client.get(f"/api/v1/stories/{first.pk}/").json()

    assert [chapter["turn"] for chapter in story["chapters"]] == ["OPENED", "ROLLED", "ASSIGNED"]
    assert story["positions"] == [{"symbol": "TSLA", "said": "TSLA shares", "qty": 100}]
    assert story["rolls"] == 1
    assert story["cash"] == "-22751.95"  # 310 - 400 + 340 - 23,000, and three fees of 65 cents
    assert story["result"] is None  # nobody quotes the shares: no number is made up


def test_the_list_and_the_page_show_it_and_link_its_orders(client: Client, rolled: tuple[User, Order]) -> None:
    user, first = rolled
    client.force_login(user)

    listed = client.get("/stories/").content.decode()
    page = client.get(f"/stories/{first.pk}/").content.decode()

    assert f"/stories/{first.pk}/" in listed
    assert f"/orders/{first.pk}/" in page
    assert "Assigned" in page


def test_a_stranger_finds_no_story(client: Client, rolled: tuple[User, Order]) -> None:
    _, first = rolled
    client.force_login(User.objects.create_user("stranger"))

    assert client.get(f"/api/v1/stories/{first.pk}/").status_code == 404
    assert client.get(f"/stories/{first.pk}/").status_code == 404
    assert client.get("/api/v1/stories/").json() == {"next": None, "previous": None, "results": []}


def test_a_position_leads_to_its_story(client: Client, rolled: tuple[User, Order]) -> None:
    user, first = rolled
    client.force_login(user)

    answer = client.get("/stories/of/", {"account": first.account.code, "symbol": LOWER_PUT})

    assert (answer.status_code, answer.headers["Location"]) == (302, f"/stories/{first.pk}/")


@pytest.mark.parametrize(
    "asked", [{}, {"account": "REV-1", "symbol": "MSFT"}, {"account": "NONE", "symbol": LOWER_PUT}]
)
def test_what_has_no_story_is_not_found(client: Client, rolled: tuple[User, Order], asked: dict[str, str]) -> None:
    client.force_login(rolled[0])

    assert client.get("/stories/of/", asked).status_code == 404


def bought(names: int) -> list[str]:
    """Buy a share of so many names, one after another; return them, the last first."""
    account = make_account()
    symbols = [f"N{n:02}" for n in range(names)]
    for n, symbol in enumerate(symbols):
        make_instrument(symbol)
        order = make_sent_order(
            make_ticket(account, [leg(symbol, Side.BUY)], quantity=1, price_effect=PriceEffect.DEBIT),
            account,
            origin=symbol,
        )
        report = fill(order, leg_fill(symbol, 1, "10", side=Side.BUY, symbol=symbol), at=NOW + n * MINUTE)
        apply_reports("paper", [report], now=NOW)
    return symbols[::-1]


@pytest.mark.parametrize(("extra", "after"), [(0, None), (1, 2)])
def test_a_page_has_so_many_names_and_says_whether_there_are_more(
    client: Client, extra: int, after: int | None
) -> None:
    names = bought(NAMES + extra)
    client.force_login(person("ann", Role.TRADER).user)

    first = client.get("/api/v1/stories/").json()
    second = client.get("/api/v1/stories/", {"page": 2}).json()
    shown = client.get("/stories/").content.decode()

    assert [story["underlying"] for story in first["results"]] == names[:NAMES]
    assert [story["underlying"] for story in second["results"]] == names[NAMES:]
    assert (first["previous"], first["next"], second["previous"]) == (None, after, 1)
    assert ("?page=2" in shown) is (after is not None)


@pytest.mark.parametrize("page", ["0", "-1", "x", "10001"])
def test_a_page_that_cannot_be_is_refused(client: Client, page: str) -> None:
    client.force_login(person("ann", Role.TRADER).user)

    assert client.get("/api/v1/stories/", {"page": page}).status_code == 400
    assert client.get("/stories/", {"page": page}).status_code == 404
