"""The break desk's questions and answers."""

from rest_framework import serializers

from allcore.api.bodies import Body
from trading.serializers.answers import OrderOut
from trading.serializers.requests import Price


class DeskReasonIn(Body[object]):
    """A decision's reason."""

    reason = serializers.CharField(max_length=400)


class ResolutionIn(DeskReasonIn):
    """How a break is resolved. `price` a share is what an adjusted position is booked at."""

    adjusts = serializers.BooleanField(default=False)
    price = Price(required=False, allow_null=True, default=None)


class NotFoundIn(DeskReasonIn):
    """A person's word that the broker never had it; `confirm` repeats the ClOrdID."""

    confirm = serializers.CharField(max_length=20)


class BreakOut(serializers.Serializer[object]):
    """One difference. `halted` is the underlying in which nothing is opened."""

    id = serializers.IntegerField()
    account = serializers.CharField()
    kind = serializers.CharField()
    code = serializers.CharField()
    subject = serializers.CharField()
    ours = serializers.CharField()
    theirs = serializers.CharField()
    details = serializers.JSONField()
    halted = serializers.CharField()
    order_id = serializers.UUIDField(allow_null=True)
    proposal_id = serializers.UUIDField(allow_null=True)
    found_at = serializers.DateTimeField()
    resolved_at = serializers.DateTimeField(allow_null=True)
    resolution = serializers.CharField()
    resolved_by = serializers.CharField(allow_null=True)


class QuarantineOut(serializers.Serializer[object]):
    """A broker's report that could not be applied."""

    id = serializers.IntegerField()
    connection = serializers.CharField()
    account = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()
    report = serializers.JSONField()
    received_at = serializers.DateTimeField()
    resolved_at = serializers.DateTimeField(allow_null=True)
    resolution = serializers.CharField()


class DoubtOut(serializers.Serializer[object]):
    """A request that the broker has not answered."""

    id = serializers.IntegerField()
    order = OrderOut()
    kind = serializers.CharField()
    cl_ord_id = serializers.CharField()
    reason = serializers.CharField()
    queries = serializers.IntegerField()
    sent_at = serializers.DateTimeField()
    last_query_at = serializers.DateTimeField(allow_null=True)


class ExternalOut(serializers.Serializer[object]):
    """An order that is not from this desk."""

    order = OrderOut()
    symbols = serializers.ListField(child=serializers.CharField())
    theirs = serializers.CharField()
    state = serializers.CharField()
    reason = serializers.CharField()
    decided_at = serializers.DateTimeField(allow_null=True)


class BreakDeskOut(serializers.Serializer[object]):
    """All that waits for somebody."""

    breaks = BreakOut(many=True)
    resolved = BreakOut(many=True)
    quarantine = QuarantineOut(many=True)
    in_doubt = DoubtOut(many=True)
    external = ExternalOut(many=True)
