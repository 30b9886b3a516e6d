"""Overrides of soft blocks: what callers send and get."""

from rest_framework import serializers

from allcore.api.bodies import Body
from trading.serializers.requests import OrderAloneIn


class OverrideIn(OrderAloneIn):
    """A ticket that is blocked softly, and why it should go all the same."""

    reason = serializers.CharField(max_length=400)


class OverrideDecisionIn(Body[object]):
    """The second person's answer."""

    accept = serializers.BooleanField()


class AcceptedCheckOut(serializers.Serializer[object]):
    """A soft block that was shown."""

    code = serializers.CharField()
    message = serializers.CharField()


class OverrideOut(serializers.Serializer[object]):
    """An override: of one ticket, by two people, for one order."""

    id = serializers.UUIDField()
    account = serializers.CharField()
    sentence = serializers.CharField()
    status = serializers.CharField(help_text="ASKED, ACCEPTED, DECLINED or USED")
    checks = AcceptedCheckOut(many=True)
    reason = serializers.CharField()
    asked_by = serializers.CharField()
    asked_at = serializers.DateTimeField()
    decided_by = serializers.CharField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(help_text="Of the question; once it is accepted, of the yes")
    order_id = serializers.UUIDField(allow_null=True)
