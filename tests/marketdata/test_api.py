"""Market data over REST."""

from urllib.parse import quote as quoted

import pytest
from django.test import Client

from allcore.accounts.models import User
from tests.builders import market

PUT = "TSLA  260612P00250000"
CALL = "TSLA  260612C00250000"
NEXT = "TSLA  260618P00250000"
pytestmark = pytest.mark.django_db


@pytest.fixture
def client(alice: User) -> Client:
    market.clear()
    for symbol in (PUT, CALL, NEXT):
        market.instrument(symbol)
    market.instrument("NVDA")
    browser = Client()
    browser.force_login(alice)
    return browser


def test_instruments_are_listed_by_symbol_and_narrowed_by_filters(client: Client) -> None:
    everything = client.get("/api/v1/instruments/").json()["results"]
    puts = client.get("/api/v1/instruments/?underlying=TSLA&kind=OPTION&expiry=2026-06-12").json()["results"]

    assert [row["symbol"] for row in everything] == ["NVDA", "TSLA", CALL, PUT, NEXT]
    assert [row["symbol"] for row in puts] == [CALL, PUT]
    assert puts[1]["strike"] == "250.000"
    assert puts[1]["underlying"] == "TSLA"


def test_instruments_come_in_pages(client: Client) -> None:
    first = client.get("/api/v1/instruments/?limit=2").json()

    second = client.get(first["next"]).json()

    assert [row["symbol"] for row in first["results"] + second["results"]] == ["NVDA", "TSLA", CALL, PUT]


@pytest.mark.parametrize("query", ["kind=FUTURE", "expiry=Friday"])
def test_a_filter_that_means_nothing_is_refused(client: Client, query: str) -> None:
    answer = client.get(f"/api/v1/instruments/?{query}")

    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_INPUT")


@pytest.mark.parametrize("name", [PUT, "TSLA260612P00250000", "tsla260612p00250000"])
def test_an_option_is_found_by_its_padded_and_its_compact_name(client: Client, name: str) -> None:
    assert client.get(f"/api/v1/instruments/{quoted(name)}/").json()["symbol"] == PUT


@pytest.mark.parametrize(
    "path",
    ["instruments/XYZ/", "quotes/XYZ/", "quotes/?symbols=TSLA,XYZ", "chains/XYZ/", "quotes/TSLA260612P00999000/"],
)
def test_an_unknown_symbol_is_not_found(client: Client, path: str) -> None:
    answer = client.get(f"/api/v1/{path}")

    assert (answer.status_code, answer.json()["code"]) == (404, "UNKNOWN_SYMBOL")


def test_quotes_come_in_the_order_asked_without_those_that_are_missing(client: Client) -> None:
    market.write_quotes([market.quote("TSLA", "249.98", "250.02"), market.quote(PUT, "4.10", "4.20", size=7)])

    rows = client.get("/api/v1/quotes/", {"symbols": f"{PUT},NVDA,TSLA"}).json()["results"]

    assert [row["symbol"] for row in rows] == [PUT, "TSLA"]
    assert (rows[0]["bid"], rows[0]["ask_size"], rows[0]["quality"]) == ("4.10", 7, "GOOD")


def test_a_known_instrument_without_a_quote_is_unavailable(client: Client) -> None:
    answer = client.get("/api/v1/quotes/NVDA/")

    assert (answer.status_code, answer.json()["code"]) == (503, "NO_QUOTE")


@pytest.mark.parametrize("symbols", ["", ",", ",".join(f"S{n}" for n in range(201))])
def test_quotes_of_none_or_too_many_are_refused(client: Client, symbols: str) -> None:
    assert client.get("/api/v1/quotes/", {"symbols": symbols}).status_code == 400


def test_a_chain_shows_the_nearest_expiry_unless_another_is_named(client: Client) -> None:
    market.write_quotes([market.quote("TSLA", "249.98", "250.02"), market.quote(PUT, "4.10", "4.20")])
    market.write_greeks({PUT: market.greeks(delta=-0.48)}, open_interest=900)

    nearest = client.get("/api/v1/chains/TSLA/").json()
    named = client.get("/api/v1/chains/TSLA/?expiry=2026-06-18").json()
    unlisted = client.get("/api/v1/chains/TSLA/?expiry=2026-06-17").json()

    assert nearest["expiries"] == ["2026-06-12", "2026-06-18"]
    assert nearest["spot"]["bid"] == "249.98"
    (row,) = nearest["rows"]
    assert (row["put"]["greeks"]["delta"], row["put"]["open_interest"]) == (-0.48, 900)
    assert row["call"] == {"symbol": CALL, "quote": None, "greeks": None, "open_interest": None}
    assert [r["put"]["symbol"] for r in named["rows"]] == [NEXT]
    assert unlisted["rows"] == []


def test_an_inactive_option_is_in_no_chain(client: Client) -> None:
    market.instrument("NVDA  260612P00130000", is_active=False)

    chain = client.get("/api/v1/chains/NVDA/").json()

    assert (chain["expiry"], chain["rows"]) == (None, [])


def test_nobody_reads_the_market_without_signing_in() -> None:
    assert Client().get("/api/v1/quotes/?symbols=TSLA").status_code in {401, 403}
