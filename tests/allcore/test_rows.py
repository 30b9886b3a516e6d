"""Rows of several models in one statement: exact, linked, or not at all."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError
from pytest_django import DjangoAssertNumQueries

from allcore import rows
from allcore.accounts.models import ApiToken, User
from allcore.kernel.clock import utc_now
from brokers.models import Account, Connection

pytestmark = pytest.mark.django_db


def connection(name: str = "paper") -> Connection:
    return Connection(name=name, broker="paper", environment="PAPER", settings={"latency_ms": 0, "note": "naïve 'x'"})


def account(owner: Connection, code: str = "GEN-1", baseline: str = "0.10") -> Account:
    return Account(code=code, name=code, tier="gen", connection=owner, broker_account=code, baseline=Decimal(baseline))


def test_a_row_and_those_that_point_to_it_are_written_in_one_statement(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    owner = connection()
    first, second = account(owner), account(owner, "REV-1")

    with django_assert_num_queries(1):
        rows.write([owner, first, second])

    assert (first.connection_id, second.connection_id) == (owner.pk, owner.pk)
    assert dict(Account.objects.values_list("pk", "code")) == {first.pk: "GEN-1", second.pk: "REV-1"}
    assert Connection.objects.get().settings == owner.settings


def test_no_digit_of_a_decimal_is_lost() -> None:
    owner = connection()

    rows.write([owner, account(owner, baseline="9007199254740993.01")])

    assert Account.objects.get().baseline == Decimal("9007199254740993.01")


def test_what_is_written_can_be_saved_as_any_other_row() -> None:
    owner = connection()
    rows.write([owner])

    owner.state = Connection.State.UP
    owner.save(update_fields=["state"])

    assert Connection.objects.get().state == "UP"


def test_one_broken_constraint_undoes_all_of_it(transactional_db: None) -> None:
    owner = connection()

    with pytest.raises(IntegrityError, match="code"):
        rows.write([owner, account(owner), account(owner)])

    assert not Connection.objects.exists()


def test_a_row_cannot_point_to_one_that_is_not_written_with_it() -> None:
    with pytest.raises(ValueError, match="has no key"):
        rows.write([account(connection())])


def test_changes_of_many_rows_and_new_ones_go_together(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    one, other = connection("one"), connection("other")
    rows.write([one, other])
    one.state_reason, other.state_reason, one.broker = "slow", "", "unsaved"

    with django_assert_num_queries(1):
        rows.write([account(one)], changed=[one, other], names=("state_reason", "heartbeat_at"))

    assert dict(Connection.objects.values_list("name", "state_reason")) == {"one": "slow", "other": ""}
    assert Connection.objects.get(name="one").broker == "paper"
    assert Account.objects.count() == 1


def test_a_change_of_a_row_that_is_gone_is_an_error() -> None:
    gone = connection()
    rows.write([gone])
    Connection.objects.all().delete()

    with pytest.raises(LookupError, match="1 rows were to change, were 0"):
        rows.write([], changed=[gone], names=("state_reason",))


def test_what_is_read_is_what_the_orm_would_read(alice: User) -> None:
    now = utc_now()
    token = ApiToken.objects.create(
        user=alice, name="bot", digest="0" * 64, scopes=["read", "trade"], issued_at=now - timedelta(days=1)
    )
    rows.write([connection()])

    (found,) = rows.read(f"SELECT {rows.columns(ApiToken, 't')} FROM api_token t WHERE t.id = %s", (token.pk,))
    (other,) = rows.read(f"SELECT {rows.columns(Connection, 'c')} FROM connection c", ())

    read = rows.take(ApiToken, iter(found))
    assert {f.attname: getattr(read, f.attname) for f in ApiToken._meta.concrete_fields} == {
        f.attname: getattr(token, f.attname) for f in ApiToken._meta.concrete_fields
    }
    assert rows.take(Connection, iter(other)).settings == connection().settings
