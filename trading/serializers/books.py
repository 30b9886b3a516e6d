"""What is said about lots and corporate actions."""

from decimal import Decimal

from rest_framework import serializers

from allcore.api.bodies import Body
from trading.domain.books.lots import LotMethod
from trading.models.corporate_actions import KINDS


class LotMethodIn(Body[object]):
    """How an account's closing trades take lots, from a New York day on; from today, if none is said."""

    method = serializers.ChoiceField([m.value for m in LotMethod])
    effective_from = serializers.DateField(required=False, allow_null=True, default=None)


class NamedLotIn(Body[object]):
    """So much of a leg is to come from a lot."""

    leg = serializers.IntegerField(min_value=0, default=0)
    lot = serializers.CharField(max_length=24)
    qty = serializers.IntegerField(min_value=1)


class OrderLotsIn(Body[object]):
    """The lots that an order takes first, in this order; an empty list takes the names back."""

    lots = serializers.ListField(child=NamedLotIn(), allow_empty=True, max_length=200)


class CorporateActionIn(Body[object]):
    """What was announced of a share."""

    kind = serializers.ChoiceField([kind.value for kind in KINDS])
    symbol = serializers.CharField(max_length=10)
    ex_date = serializers.DateField()
    record_date = serializers.DateField(required=False, allow_null=True, default=None)
    pay_date = serializers.DateField(required=False, allow_null=True, default=None)
    ratio_new = serializers.IntegerField(min_value=1, max_value=10_000, default=1)
    ratio_old = serializers.IntegerField(min_value=1, max_value=10_000, default=1)
    amount = serializers.DecimalField(
        max_digits=14, decimal_places=6, min_value=Decimal(0), required=False, allow_null=True, default=None
    )
    to_symbol = serializers.CharField(max_length=10, required=False, allow_blank=True, default="")


class ActionDecisionIn(Body[object]):
    """Whether an action is confirmed or withdrawn."""

    state = serializers.ChoiceField(["CONFIRMED", "WITHDRAWN"])
