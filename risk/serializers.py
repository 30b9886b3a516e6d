"""Wire shapes of limits, the kill switch, and connections."""

from typing import Any

from rest_framework import serializers

from allcore.api.bodies import Body

DIGITS, PLACES = 18, 6


class EditIn(Body[Any]):
    """New values of a limit; a value left out stays, null takes it away."""

    soft = serializers.DecimalField(max_digits=DIGITS, decimal_places=PLACES, allow_null=True, required=False)
    hard = serializers.DecimalField(max_digits=DIGITS, decimal_places=PLACES, allow_null=True, required=False)
    reason = serializers.CharField(max_length=400)
    version = serializers.IntegerField(min_value=1, required=False)


class OwnLimitIn(Body[Any]):
    """A limit of its own for an account, an underlying, or both."""

    code = serializers.CharField(max_length=40)
    account = serializers.CharField(max_length=20, required=False, default="", allow_blank=True)
    underlying = serializers.RegexField(r"^[A-Z][A-Z0-9.]{0,9}$", required=False, default="", allow_blank=True)
    soft = serializers.DecimalField(max_digits=DIGITS, decimal_places=PLACES, allow_null=True, required=False)
    hard = serializers.DecimalField(max_digits=DIGITS, decimal_places=PLACES, allow_null=True, required=False)
    reason = serializers.CharField(max_length=400)


class NameRuleIn(Body[Any]):
    """A rule of a name, for everybody or an account."""

    underlying = serializers.RegexField(r"^[A-Z][A-Z0-9.]{0,9}$")
    kind = serializers.CharField(max_length=10)
    account = serializers.CharField(max_length=20, required=False, default="", allow_blank=True)
    reason = serializers.CharField(max_length=400)


class NameRuleOut(serializers.Serializer[Any]):
    """A rule of a name; it waits for a second person while it is not in force."""

    id = serializers.IntegerField()
    underlying = serializers.CharField()
    account = serializers.CharField(allow_null=True)
    kind = serializers.CharField()
    reason = serializers.CharField()
    asked_by = serializers.CharField()
    asked_at = serializers.DateTimeField()
    in_force_at = serializers.DateTimeField(allow_null=True)
    lift_asked_by = serializers.CharField(allow_null=True)
    lift_reason = serializers.CharField()
    lifted_at = serializers.DateTimeField(allow_null=True)


class NameRulesOut(serializers.Serializer[Any]):
    """Every rule."""

    results = NameRuleOut(many=True)


class StrategyHoldOut(serializers.Serializer[Any]):
    """A kind of trade that repeated executions have stopped."""

    id = serializers.IntegerField()
    account = serializers.CharField()
    structure = serializers.CharField()
    underlying = serializers.CharField()
    side = serializers.CharField()
    fills = serializers.IntegerField()
    engaged_at = serializers.DateTimeField()
    released_at = serializers.DateTimeField(allow_null=True)


class StrategyHoldsOut(serializers.Serializer[Any]):
    """Everything that is stopped."""

    results = StrategyHoldOut(many=True)


class WhyIn(Body[Any]):
    """Why."""

    reason = serializers.CharField(max_length=400)


class DecisionIn(Body[Any]):
    """Whether an edit is applied."""

    approve = serializers.BooleanField()


class EngageIn(Body[Any]):
    """What to stop, and how far. A stop needs no reason."""

    scope = serializers.CharField(max_length=10)
    target = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    level = serializers.IntegerField(min_value=0, max_value=9)
    reason = serializers.CharField(max_length=400, required=False, default="", allow_blank=True)


class ReleaseIn(Body[Any]):
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


class ConnectionIn(Body[Any]):
    """A connection to add. `settings` are the adapter's own, such as host and port; never a credential."""

    name = serializers.SlugField(max_length=40)
    broker = serializers.CharField(max_length=40)
    environment = serializers.CharField(max_length=8)
    settings = serializers.DictField(default=dict)


class ConnectionOut(serializers.Serializer[Any]):
    """A connection as it is."""

    name = serializers.CharField()
    broker = serializers.CharField()
    broker_name = serializers.CharField()
    environment = serializers.CharField()
    state = serializers.CharField()
    state_reason = serializers.CharField()
    is_paused = serializers.BooleanField()
    lease_owner = serializers.CharField()
    lease_epoch = serializers.IntegerField()
    lease_expires_at = serializers.DateTimeField(allow_null=True)
    heartbeat_at = serializers.DateTimeField(allow_null=True)
    reconciled_at = serializers.DateTimeField(allow_null=True)
    accounts = serializers.ListField(child=serializers.DictField())
    settings = serializers.DictField()
    credentials = serializers.DictField()
    budgets = serializers.ListField(child=serializers.DictField(), allow_null=True)
    certification = serializers.DictField(allow_null=True)
    last_certification = serializers.DictField(allow_null=True)
    capabilities = serializers.DictField(allow_null=True)


class PauseIn(Body[Any]):
    """Why."""

    reason = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class NewAccountIn(Body[Any]):
    """An account that the broker keeps under `broker_account`; `baseline` in dollars."""

    code = serializers.SlugField(max_length=20)
    name = serializers.CharField(max_length=80)
    tier = serializers.CharField(max_length=6)
    broker_account = serializers.CharField(max_length=40)
    baseline = serializers.DecimalField(max_digits=18, decimal_places=2, min_value=0)


class CredentialsIn(Body[Any]):
    """Credentials by name. They are sealed at once and cannot be read back."""

    values = serializers.DictField(child=serializers.CharField(max_length=4000), allow_empty=False)


class CodeIn(Body[Any]):
    """The code that the broker's page showed."""

    code = serializers.CharField(max_length=4000)
