"""What engages the kill switch by itself."""

from decimal import Decimal

import pytest

from risk.domain.triggers import TRIGGERS, Seen, fired
from tests.builders.risk import dec, limits

AT = {
    "kill_day_loss": ("0.03", "0.0001"),
    "kill_breaks": ("5", "1"),
    "kill_rejects": ("10", "1"),
    "kill_messages": ("120", "1"),
    "kill_unmatched": ("0", "1"),
    "kill_stale_market": ("120", "0.001"),
}


@pytest.mark.parametrize("code", AT)
def test_each_fires_beyond_its_limit_and_not_at_it(code: str) -> None:
    limit, step = map(Decimal, AT[code])
    armed = {"": limits(**{code: (None, str(limit))})}

    assert fired([Seen(code, "X", limit - step), Seen(code, "X", limit)], armed) == []
    (firing,) = fired([Seen(code, "X", limit + step)], armed)
    assert (firing.scope, firing.target, firing.level) == (TRIGGERS[code].scope, "X", TRIGGERS[code].level)


def test_the_reason_says_what_was_seen_and_the_limit() -> None:
    (firing,) = fired([Seen("kill_rejects", "paper", dec(11))], {"": limits()})

    assert firing.reason == "Orders that the broker rejected within five minutes: 11; the limit is 10."


def test_without_a_hard_value_it_is_off() -> None:
    off = {"": limits(kill_day_loss=("0.01", None))}

    assert fired([Seen("kill_day_loss", "GEN-1", dec("0.99"))], off) == []


def test_an_accounts_own_limit_counts() -> None:
    own = {"": limits(), "GEN-1": limits(kill_day_loss=(None, "0.01"))}
    seen = [Seen("kill_day_loss", code, dec("0.02")) for code in ("GEN-1", "REV-1")]

    assert [firing.target for firing in fired(seen, own)] == ["GEN-1"]
