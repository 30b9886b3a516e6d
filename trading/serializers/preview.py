"""What is looked at before it is sent."""

from rest_framework import serializers

from allcore.api.bodies import Body
from allcore.kernel.orders import PriceEffect
from allcore.kernel.tickets import MAX_LEGS
from trading.domain.structures.analysis import Scenario
from trading.serializers.requests import LegIn, OrderAloneIn, OrderIn


class ScenarioIn(Body[Scenario]):
    """What if: the curve's moment, volatility points added as a fraction, the price looked at."""

    at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    shift = serializers.FloatField(required=False, default=0.0, min_value=-1.0, max_value=2.0)
    spot = serializers.FloatField(required=False, allow_null=True, default=None, min_value=0.01, max_value=1_000_000)


class PreviewIn(OrderAloneIn):
    """An order as it would be sent; a limit that its type needs may be left out: the middle of the market is taken."""

    scenario = ScenarioIn(required=False)


class ConditionLookIn(Body[object]):
    """A condition that is being built, and the order that is to wait for it, as far as it is looked at."""

    account = serializers.CharField(max_length=20)
    underlying = serializers.CharField(max_length=10)
    legs = serializers.ListField(child=LegIn(), min_length=1, max_length=MAX_LEGS)
    price_effect = serializers.ChoiceField([p.value for p in PriceEffect], required=False)
    condition = serializers.DictField(help_text="as of a new order; it may be unfinished")


class FaultOut(serializers.Serializer[object]):
    """What is wrong with a condition."""

    at = serializers.CharField(
        help_text="The part's place, from 0 at the root: 0.1 is the root's second; empty: the whole"
    )
    field = serializers.CharField(help_text="The field it is in; empty: the part")
    message = serializers.CharField()


class ConditionLookOut(serializers.Serializer[object]):
    """The condition in words, and how it stands."""

    said = serializers.CharField(allow_null=True, help_text="Null as long as anything is wrong")
    is_true = serializers.BooleanField(allow_null=True, help_text="At this moment; null: not known")
    parts = serializers.DictField(help_text="Each comparison by its place: as the sights of a held order, and is_true")
    faults = FaultOut(many=True)
    blind = serializers.CharField(help_text="Why nothing can be seen, if so")
    at = serializers.DateTimeField()


class PreviewedOrderOut(serializers.Serializer[object]):
    """One order of a list as the gate would judge it."""

    role = serializers.CharField()
    sentence = serializers.CharField()
    is_collared = serializers.BooleanField(help_text="A market order for options, to be sent as this limit")
    waits_for = serializers.CharField(help_text="At the desk, beside its turn in the list; empty: nothing")
    outcome = serializers.CharField()
    reason = serializers.CharField(help_text="The first check that blocks; empty: none")
    cash_required = serializers.CharField()
    checks = serializers.ListField()


class OrderListPreviewOut(serializers.Serializer[object]):
    """What placing a list would meet; `outcome` is the worst of its orders'."""

    kind = serializers.CharField()
    is_native = serializers.BooleanField(help_text="The broker would keep the list; else the desk holds it")
    held_because = serializers.CharField(help_text="Why the desk holds it; empty: it does not")
    orders = PreviewedOrderOut(many=True)
    outcome = serializers.CharField()
    may_send = serializers.BooleanField()
    at = serializers.DateTimeField()


class AdviceIn(Body[object]):
    """A ticket to be worked, and for how many minutes."""

    ticket = OrderIn()
    minutes = serializers.IntegerField(min_value=1, max_value=390, required=False, allow_null=True)


class AdviceOut(serializers.Serializer[object]):
    """What the table of choices says of it."""

    algo = serializers.CharField(allow_null=True, help_text="Null: one plain limit order")
    suggests = serializers.CharField(allow_null=True, help_text="Its name")
    row = serializers.IntegerField()
    condition = serializers.CharField(help_text="Of the row: the first that applies")
    reason = serializers.CharField()
