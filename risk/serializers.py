"""Wire shapes of limits and the kill switch."""

from typing import Any

from rest_framework import serializers

DIGITS, PLACES = 18, 6


class EditIn(serializers.Serializer[Any]):
    """New values of a limit; a value left out stays, null takes it away."""

    soft = serializers.DecimalField(max_digits=DIGITS, decimal_places=PLACES, allow_null=True, required=False)
    hard = serializers.DecimalField(max_digits=DIGITS, decimal_places=PLACES, allow_null=True, required=False)
    reason = serializers.CharField(max_length=400)
    version = serializers.IntegerField(min_value=1, required=False)


class OwnLimitIn(serializers.Serializer[Any]):
    """A limit of its own for an account, an underlying, or both."""

    code = serializers.CharField(max_length=40)
    account = serializers.CharField(max_length=20, required=False, default="", allow_blank=True)
    underlying = serializers.RegexField(r"^[A-Z][A-Z0-9.]{0,9}$", required=False, default="", allow_blank=True)
    soft = serializers.DecimalField(max_digits=DIGITS, decimal_places=PLACES, allow_null=True, required=False)
    hard = serializers.DecimalField(max_digits=DIGITS, decimal_places=PLACES, allow_null=True, required=False)
    reason = serializers.CharField(max_length=400)


class DecisionIn(serializers.Serializer[Any]):
    """Whether an edit is applied."""

    approve = serializers.BooleanField()


class EngageIn(serializers.Serializer[Any]):
    """What to stop, and how far. A stop needs no reason."""

    scope = serializers.CharField(max_length=10)
    target = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    level = serializers.IntegerField(min_value=0, max_value=9)
    reason = serializers.CharField(max_length=400, required=False, default="", allow_blank=True)


class ReleaseIn(serializers.Serializer[Any]):
    """What to lower, to which level, and why."""

    scope = serializers.CharField(max_length=10)
    target = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    to_level = serializers.IntegerField(min_value=0, max_value=9)
    reason = serializers.CharField(max_length=400)


class LimitOut(serializers.Serializer[Any]):
    """A limit."""

    id = serializers.IntegerField()
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field of the row, not the serializer's own label
    account = serializers.CharField(allow_null=True)
    underlying = serializers.CharField()
    unit = serializers.CharField()
    direction = serializers.CharField()
    soft = serializers.CharField(allow_null=True)
    hard = serializers.CharField(allow_null=True)
    version = serializers.IntegerField()
    effective_at = serializers.DateTimeField()


class LimitsOut(serializers.Serializer[Any]):
    """Every limit."""

    results = LimitOut(many=True)


class ChangeOut(serializers.Serializer[Any]):
    """An edit of a limit."""

    id = serializers.IntegerField()
    limit = LimitOut()
    old_soft = serializers.CharField(allow_null=True)
    old_hard = serializers.CharField(allow_null=True)
    new_soft = serializers.CharField(allow_null=True)
    new_hard = serializers.CharField(allow_null=True)
    is_loosening = serializers.BooleanField()
    reason = serializers.CharField()
    status = serializers.CharField()
    requested_by = serializers.CharField()
    requested_at = serializers.DateTimeField()
    decided_by = serializers.CharField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)


class LevelOut(serializers.Serializer[Any]):
    """The level in force for one scope."""

    scope = serializers.CharField()
    target = serializers.CharField()
    level = serializers.IntegerField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field of the row, not the serializer's own label
    actor = serializers.CharField()
    reason = serializers.CharField()
    at = serializers.DateTimeField()


class ReleaseOut(serializers.Serializer[Any]):
    """A release that waits for its second person."""

    id = serializers.IntegerField()
    scope = serializers.CharField()
    target = serializers.CharField()
    to_level = serializers.IntegerField()
    reason = serializers.CharField()
    requested_by = serializers.CharField()
    requested_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)


class KillOut(serializers.Serializer[Any]):
    """The kill switch; `level` is the highest of all."""

    level = serializers.IntegerField()
    levels = LevelOut(many=True)
    file_level = serializers.IntegerField()
    releases = ReleaseOut(many=True)
