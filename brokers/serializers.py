"""Wire shapes of connections."""

from typing import Any

from rest_framework import serializers


class ConnectionOut(serializers.Serializer[Any]):
    """A connection's health."""

    name = serializers.CharField()
    broker = serializers.CharField()
    environment = serializers.CharField()
    state = serializers.CharField()
    state_reason = serializers.CharField()
    is_paused = serializers.BooleanField()
    lease_owner = serializers.CharField()
    lease_epoch = serializers.IntegerField()
    lease_expires_at = serializers.DateTimeField(allow_null=True)
    heartbeat_at = serializers.DateTimeField(allow_null=True)
    reconciled_at = serializers.DateTimeField(allow_null=True)
