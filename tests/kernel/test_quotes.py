"""How old a quote is, by clocks that differ and clocks that are set back."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.builders import market

NOW = datetime(2026, 6, 1, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("vouched", "age"),
    [
        pytest.param(-2, 2, id="two seconds ago"),
        pytest.param(0, 0, id="now"),
        pytest.param(30, -30, id="as far ahead as clocks differ"),
        pytest.param(30.001, 30.001, id="further ahead: that clock has been set back since"),
        pytest.param(3600, 3600, id="an hour ahead"),
    ],
)
def test_a_quote_from_further_ahead_than_clocks_differ_is_old(vouched: float, age: float) -> None:
    quote = market.quote("AAPL", "1.00", "1.02", received_at=NOW + timedelta(seconds=vouched))

    assert quote.age(NOW) == pytest.approx(age)
