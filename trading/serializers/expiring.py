"""Wire shapes of short options to look at."""

from typing import Any

from rest_framework import serializers

from allcore.api.bodies import Body


class AcknowledgementIn(Body[Any]):
    """Why it is kept."""

    reason = serializers.CharField(max_length=400)


class ExpiryTaskOut(serializers.Serializer[Any]):
    """A short option to look at, and the proposal that would close it."""

    id = serializers.IntegerField()
    account = serializers.CharField()
    symbol = serializers.CharField()
    description = serializers.CharField()
    cause = serializers.CharField()
    day = serializers.DateField()
    sentence = serializers.CharField()
    proposal = serializers.CharField(allow_null=True)
    proposal_status = serializers.CharField(allow_null=True)
    found_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)


class ExpiryTasksOut(serializers.Serializer[Any]):
    """Everything that waits."""

    results = ExpiryTaskOut(many=True)
