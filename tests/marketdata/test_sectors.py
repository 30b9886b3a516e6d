"""An underlying's sector is written by an administrator, and audited."""

import pytest
from django.test import Client

from allcore.accounts.models import User
from allcore.audit.models import AuditEntry
from allcore.kernel.clock import utc_now
from allcore.kernel.errors import InvalidInputError
from marketdata.models import Instrument
from marketdata.services.sectors import set_sector
from tests.builders import market

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Client:
    root = User.objects.create(username="root", password="!", is_superuser=True, is_staff=True)
    client = Client()
    client.force_login(root)
    return client


def test_an_administrator_writes_a_sector_and_it_is_audited(admin: Client) -> None:
    share = market.instrument("TSLA")

    answer = admin.post(f"/admin/marketdata/instrument/{share.pk}/change/", {"sector": " Cars ", "symbol": "XYZ"})

    assert answer.status_code == 302
    share.refresh_from_db()
    assert (share.symbol, share.sector) == ("TSLA", "Cars")
    entry = AuditEntry.objects.get(action="instrument.sector_set")
    assert (entry.subject, entry.actor) == ("instrument:TSLA", "root")
    assert entry.payload == {"before": "", "after": "Cars"}


def test_the_list_shows_underlyings_and_no_options(admin: Client) -> None:
    market.instrument("TSLA  260612P00250000")

    listed = admin.get("/admin/marketdata/instrument/")

    assert listed.status_code == 200
    assert b"TSLA" in listed.content
    assert b"260612P" not in listed.content


def test_nobody_adds_or_deletes_an_instrument(admin: Client) -> None:
    share = market.instrument("TSLA")

    assert admin.post("/admin/marketdata/instrument/add/", {"symbol": "X"}).status_code == 403
    assert admin.post(f"/admin/marketdata/instrument/{share.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Instrument.objects.filter(symbol="TSLA").exists()


def test_an_option_has_no_sector_of_its_own() -> None:
    market.instrument("TSLA  260612P00250000")

    with pytest.raises(InvalidInputError):
        set_sector("TSLA  260612P00250000", "Cars", actor="root", now=utc_now())
