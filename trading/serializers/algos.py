"""What callers send and get of execution algorithms and routing."""

from rest_framework import serializers

from allcore.api.bodies import Body
from trading.domain.algos.execution import BY_TABLE
from trading.domain.algos.parameters import Algo
from trading.serializers.answers import OrderOut
from trading.serializers.requests import LONGEST_MINUTES, OrderIn, named_lots

MOST_CANDIDATES = 20


class AlgoIn(Body[object]):
    """A run to start. `algo` AUTO lets the table choose; `minutes` ends it, no later than the session."""

    ticket = OrderIn()
    algo = serializers.ChoiceField([BY_TABLE, *(algo.value for algo in Algo)])
    parameters = serializers.DictField(required=False, default=dict)
    minutes = serializers.IntegerField(min_value=1, max_value=LONGEST_MINUTES, required=False, allow_null=True)
    lots = named_lots()


class PauseReasonIn(Body[object]):
    """Why."""

    reason = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class AlgoOut(serializers.Serializer[object]):
    """A run."""

    id = serializers.UUIDField()
    account = serializers.CharField()
    underlying = serializers.CharField()
    description = serializers.CharField()
    algo = serializers.CharField()
    algo_name = serializers.CharField()
    status = serializers.CharField()
    ending = serializers.CharField()
    reason = serializers.CharField()
    hold = serializers.CharField()
    quantity = serializers.IntegerField()
    cum_qty = serializers.IntegerField()
    limit_price = serializers.CharField(allow_null=True)
    price_effect = serializers.CharField()
    started_by = serializers.CharField()
    proposal_id = serializers.UUIDField(allow_null=True, help_text="The proposal whose approval started it")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class AlgoChildOut(OrderOut):
    """One child: an order, with its step; `leg` -1 is the whole package."""

    step = serializers.IntegerField()
    leg = serializers.IntegerField()


class AlgoEventOut(serializers.Serializer[object]):
    """What the run heard, and what it asked for then; prices are costs, paid above zero."""

    seq = serializers.IntegerField()
    kind = serializers.CharField()
    data = serializers.DictField()  # type: ignore[assignment]  # a field of ours, not the framework's attribute
    actions = serializers.ListField(child=serializers.DictField())
    at = serializers.DateTimeField()


class AlgoDetailOut(AlgoOut):
    """A run with all that happened."""

    avg_px = serializers.CharField(allow_null=True)
    ticket = serializers.DictField()
    parameters = serializers.DictField()
    choice = serializers.DictField()
    seed = serializers.CharField()
    trace_id = serializers.CharField()
    checks = serializers.ListField(child=serializers.DictField())
    children = AlgoChildOut(many=True)
    events = AlgoEventOut(many=True)
    walk = serializers.DictField()
    result = serializers.DictField()
    proposal = serializers.DictField(allow_null=True, help_text="The proposal that it works, and who approved that")


class RouteIn(Body[object]):
    """An order and the accounts it may go to, the preferred first. The ticket's own account is only a placeholder."""

    ticket = OrderIn()
    route = serializers.ListField(child=serializers.CharField(max_length=20), min_length=1, max_length=MOST_CANDIDATES)


class ScorecardOut(serializers.Serializer[object]):
    """Where an order would go, and why: one line a candidate, the chosen first."""

    choice = serializers.CharField()
    reason = serializers.CharField()
    opportunity = serializers.CharField()
    mid = serializers.CharField()
    could_explore = serializers.BooleanField(help_text="A paper order that opens, with a place that is known less")
    explores = serializers.BooleanField(help_text="It goes to the place that is known least: one in twenty that could")
    scores = serializers.ListField(child=serializers.DictField())


class RoutedOut(serializers.Serializer[object]):
    """The order that was sent, and the scorecard kept with it."""

    order = OrderOut()
    scorecard = ScorecardOut()
