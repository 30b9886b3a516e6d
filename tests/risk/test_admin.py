"""The admin shows, and changes nothing."""

import pytest
from django.test import Client

from allcore.accounts.models import User
from risk.models import AccountGrant, Role
from tests.builders.risk import person


@pytest.mark.django_db
def test_grants_are_shown_and_not_changed() -> None:
    person("tom", Role.TRADER)
    root = User.objects.create(username="root", password="!", is_superuser=True, is_staff=True)
    client = Client()
    client.force_login(root)

    listed = client.get("/admin/risk/accountgrant/")
    added = client.post("/admin/risk/accountgrant/add/", {"user": root.pk, "role": Role.ADMIN})

    assert listed.status_code == 200
    assert b"tom" in listed.content
    assert added.status_code == 403
    assert AccountGrant.objects.count() == 1
