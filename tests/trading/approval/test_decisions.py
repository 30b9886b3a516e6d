"""The proposal's table: total, and won by one."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from trading.domain.approval.decisions import OPEN, TABLE, Decision, NotOpenError, ProposalStatus, Standing, after

NOON = datetime(2026, 6, 10, 16, 0, tzinfo=UTC)
EXPIRY = NOON + timedelta(minutes=15)


def standing(status: ProposalStatus) -> Standing:
    return Standing(status, EXPIRY, decided_by="alice")


@pytest.mark.parametrize(("status", "decision"), list(product(ProposalStatus, Decision)))
def test_each_pair_is_in_the_table_or_refused(status: ProposalStatus, decision: Decision) -> None:
    expected = TABLE.get((status, decision))

    if expected is None:
        with pytest.raises(NotOpenError):
            after(standing(status), decision, now=NOON)
    else:
        assert after(standing(status), decision, now=NOON) is expected


@pytest.mark.parametrize("status", [s for s in ProposalStatus if s not in OPEN])
@pytest.mark.parametrize("decision", list(Decision))
def test_what_is_decided_stays_decided(status: ProposalStatus, decision: Decision) -> None:
    with pytest.raises(NotOpenError, match="alice"):
        after(standing(status), decision, now=NOON)


def test_the_strategy_does_not_withdraw_what_a_person_holds() -> None:
    with pytest.raises(NotOpenError):
        after(standing(ProposalStatus.HELD), Decision.WITHDRAW, now=NOON)


def test_an_approval_counts_until_just_before_the_expiry() -> None:
    just_before = EXPIRY - timedelta(milliseconds=1)

    assert after(standing(ProposalStatus.PENDING), Decision.APPROVE, now=just_before) is ProposalStatus.APPROVED


@pytest.mark.parametrize("late", [timedelta(0), timedelta(milliseconds=1)])
def test_an_approval_at_the_expiry_or_after_it_is_too_late(late: timedelta) -> None:
    with pytest.raises(NotOpenError, match="expired"):
        after(standing(ProposalStatus.PENDING), Decision.APPROVE, now=EXPIRY + late)
