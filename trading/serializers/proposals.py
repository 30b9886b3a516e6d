"""What callers get of proposals and decisions."""

from rest_framework import serializers

from trading.serializers.algos import AlgoOut
from trading.serializers.answers import OrderOut


class WayOut(serializers.Serializer[object]):
    """How a proposal goes to the market, as its card says; an approval binds to it."""

    algo = serializers.CharField(help_text="PLAIN is one limit order")
    name = serializers.CharField()
    by = serializers.ChoiceField(["desk", "table", "person"])
    parameters = serializers.DictField()
    measured = serializers.DictField(
        help_text="What the desk measured for it when the card was made; the run goes by it"
    )
    minutes = serializers.IntegerField(allow_null=True)
    start = serializers.CharField(allow_null=True, help_text="The first price, in the market that was shown")
    limit = serializers.CharField(allow_null=True, help_text="What is never crossed")
    sentence = serializers.CharField()
    advice = serializers.DictField(allow_null=True, help_text="What the table of choices said")


class ProposalOut(serializers.Serializer[object]):
    """A proposal with its card."""

    id = serializers.UUIDField()
    account = serializers.CharField()
    strategy = serializers.CharField()
    underlying = serializers.CharField()
    sentence = serializers.CharField()
    status = serializers.CharField()
    version = serializers.IntegerField()
    content_hash = serializers.CharField()
    proposed_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    approvals_needed = serializers.IntegerField()
    approvals = serializers.ListField(child=serializers.CharField())
    held_by = serializers.CharField(allow_null=True)
    decided_by = serializers.CharField(allow_null=True)
    reason_code = serializers.CharField()
    reason_text = serializers.CharField()
    outcome = serializers.CharField()
    order_id = serializers.UUIDField(allow_null=True)
    run_id = serializers.UUIDField(allow_null=True, help_text="The run that works it, once approved")
    execution = WayOut(allow_null=True, help_text="As the card says it; null is one limit order")
    content = serializers.JSONField()


class DecisionOut(serializers.Serializer[object]):
    """What a decision led to."""

    proposal = ProposalOut()
    order = OrderOut(allow_null=True)
    run = AlgoOut(allow_null=True, help_text="The run, where an algorithm works it")
