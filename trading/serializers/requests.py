"""What callers send."""

from copy import copy
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from allcore.api.bodies import Body
from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side, TimeInForce, TriggerPrice
from allcore.kernel.tickets import MAX_LEGS, OrderTicket, TicketLeg
from trading.domain.algos.execution import BY_TABLE, PLAIN
from trading.domain.algos.parameters import Algo
from trading.domain.contingent.compose import MOST, ListKind, Role
from trading.domain.contingent.lists import Policy
from trading.serializers.books import NamedLotIn

LONGEST_MINUTES = 390  # of a run: a session


class Price(serializers.DecimalField):
    """Dollars a share, as text or as a JSON number."""

    def __init__(self, **options: object) -> None:
        super().__init__(max_digits=14, decimal_places=4, min_value=Decimal(0), **options)  # type: ignore[arg-type]  # passed on


class LegIn(Body[TicketLeg]):
    """One leg."""

    symbol = serializers.CharField(max_length=21, trim_whitespace=False)
    side = serializers.ChoiceField([s.value for s in Side])
    position_effect = serializers.ChoiceField([p.value for p in PositionEffect])
    ratio = serializers.IntegerField(min_value=1, default=1)


class OrderIn(Body[OrderTicket]):
    """A new order. `price_effect` may be left out for a single leg, whose side says it."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return the fields. REST framework copies each with all it is made of, for a tenth of an order's time."""
        return {name: copy(field) for name, field in self._declared_fields.items()}

    account = serializers.CharField(max_length=20)
    underlying = serializers.CharField(max_length=10)
    legs = serializers.ListField(child=LegIn(), min_length=1, max_length=MAX_LEGS)
    quantity = serializers.IntegerField(min_value=1, max_value=100_000)
    ord_type = serializers.ChoiceField([t.value for t in OrdType])
    time_in_force = serializers.ChoiceField([t.value for t in TimeInForce], default=TimeInForce.DAY.value)
    price_effect = serializers.ChoiceField([p.value for p in PriceEffect], required=False)
    limit_price = Price(required=False, allow_null=True, default=None)
    stop_price = Price(required=False, allow_null=True, default=None)
    trail_amount = Price(required=False, allow_null=True, default=None)
    trail_percent = Price(required=False, allow_null=True, default=None)
    expire_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    trigger = serializers.ChoiceField([t.value for t in TriggerPrice], required=False, allow_null=True, default=None)
    condition = serializers.DictField(
        required=False,
        allow_null=True,
        default=None,
        help_text="`{when, confirm, arm_after, expire_at}`; the order waits at the desk until it holds",
    )


class BrokerAlgoIn(Body[object]):
    """An algorithm of the broker's own, in its words; what it has is on the Brokers page."""

    name = serializers.CharField(max_length=40)
    params = serializers.DictField(child=serializers.CharField(max_length=40), required=False, default=dict)


class OrderAloneIn(OrderIn):
    """A new order by itself: the broker may be asked to watch what it waits for, or to work it."""

    held_by = serializers.ChoiceField(
        ["DESK", "BROKER"],
        required=False,
        default="DESK",
        help_text="Who watches the condition; what the broker does not watch just as the desk would is refused",
    )
    broker_algo = BrokerAlgoIn(
        required=False, allow_null=True, default=None, help_text="The broker works it by this; the desk's own are runs"
    )


def named_lots() -> serializers.ListField:
    """Return the field of the lots that a closing order takes first; none if it is left out."""
    return serializers.ListField(
        child=NamedLotIn(),
        required=False,
        default=list,
        max_length=200,
        help_text="The lots that it takes first, in this order; what is not named goes by the account's method",
    )


class PlacedOrderIn(OrderAloneIn):
    """A new order by itself: of what it closes it may name the lots, and it may name the override it goes by."""

    lots = named_lots()
    override = serializers.UUIDField(
        required=False,
        allow_null=True,
        default=None,
        help_text="An accepted override of just this ticket's soft blocks (`/overrides/`); hard blocks stand",
    )


class ListedOrderIn(OrderIn):
    """One order of a list; the list names the account, and none of its orders another."""

    account = serializers.CharField(max_length=20, required=False)
    role = serializers.ChoiceField([r.value for r in Role], default=Role.MEMBER.value)
    lots = named_lots()


class OrderListIn(Body[object]):
    """Orders that act on one another, placed whole or not at all. An entry is named first."""

    kind = serializers.ChoiceField([k.value for k in ListKind])
    account = serializers.CharField(max_length=20)
    policy = serializers.ChoiceField([p.value for p in Policy], default=Policy.PARTIAL.value)
    orders = serializers.ListField(child=ListedOrderIn(), min_length=2, max_length=MOST)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse an order for another account than the list's."""
        named = {str(order.pop("account", attrs["account"])) for order in attrs["orders"]}
        if named != {attrs["account"]}:
            raise serializers.ValidationError({"orders": ["A list's orders are all for the list's account."]})
        return attrs


class ReplaceIn(Body[object]):
    """New terms of an open order; what is left out stays. `quantity` is the total. The last three: held orders."""

    quantity = serializers.IntegerField(min_value=1, max_value=100_000, required=False)
    limit_price = Price(required=False)
    stop_price = Price(required=False)
    trail_amount = Price(required=False)
    trail_percent = Price(required=False)
    condition = serializers.DictField(
        required=False, allow_null=True, help_text="as of a new order; null: it waits for nothing any more"
    )


class ApprovalIn(Body[object]):
    """Approve what was shown: the hash of the card."""

    content_hash = serializers.RegexField(r"^[0-9a-f]{64}$")
    reason = serializers.CharField(max_length=400, required=False, default="", allow_blank=True)
    lots = named_lots()


class RejectionIn(Body[object]):
    """Reject with a reason."""

    reason_code = serializers.CharField(max_length=10)
    reason_text = serializers.CharField(max_length=400, required=False, default="", allow_blank=True)


class ExecutionIn(Body[object]):
    """How a proposal goes to the market. PLAIN is one limit order; AUTO lets the table of choices decide."""

    algo = serializers.ChoiceField([PLAIN, BY_TABLE, *(algo.value for algo in Algo)])
    parameters = serializers.DictField(required=False, default=dict)
    minutes = serializers.IntegerField(min_value=1, max_value=LONGEST_MINUTES, required=False, allow_null=True)


class ChangeIn(Body[object]):
    """Other numbers or another execution for a proposal: checked and shown anew. What is left out stays."""

    limit_price = Price(required=False)
    quantity = serializers.IntegerField(min_value=1, max_value=100_000, required=False)
    execution = ExecutionIn(required=False)


class RevocationIn(Body[object]):
    """Why a mandate is taken back."""

    reason = serializers.CharField(max_length=400)


class MandateIn(Body[object]):
    """A mandate to sign."""

    account = serializers.CharField(max_length=20)
    grantee = serializers.CharField(max_length=150)
    max_order_cash = serializers.DecimalField(max_digits=18, decimal_places=2)
    days = serializers.IntegerField(min_value=1)
    reason = serializers.CharField(max_length=400)
