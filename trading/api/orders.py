"""Orders and executions."""

from typing import Any
from uuid import UUID

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from allcore.accounts.actors import Actor, actor_of
from allcore.api.errors import body
from allcore.api.pagination import paged
from allcore.kernel.clock import utc_now
from allcore.kernel.orders import OrdStatus
from allcore.logs import trace_id
from trading.api.once import answer_once, key_of
from trading.selectors import held, orders
from trading.selectors.rows import execution_row, failed_checks, order_row
from trading.serializers.answers import ExecutionOut, HeldOut, OrderDetailOut, OrderOut
from trading.serializers.requests import PlacedOrderIn, ReplaceIn
from trading.services import closing, submit
from trading.services.contingent import placing, revising
from trading.services.elections import Wish
from trading.services.idempotency import Answer


class OrderFilter(filters.FilterSet):  # type: ignore[misc]  # the package is untyped
    """What a list of orders is narrowed by."""

    account = filters.CharFilter(field_name="account__code")
    underlying = filters.CharFilter()
    status = filters.ChoiceFilter(choices=[(status.value, status.value) for status in OrdStatus])
    trade_date = filters.DateFilter()


class ExecutionFilter(filters.FilterSet):  # type: ignore[misc]  # the package is untyped
    """What a list of executions is narrowed by."""

    account = filters.CharFilter(field_name="account__code")
    order = filters.UUIDFilter(field_name="order_id")
    symbol = filters.CharFilter(field_name="instrument__symbol")
    trade_date = filters.DateFilter()


class Orders(APIView):
    """The desk's orders."""

    scopes = {"POST": "trade"}  # noqa: RUF012 REST framework's way of declaring
    ordering = ("-created_at", "-id")
    narrowed_by = OrderFilter

    @extend_schema(responses=OrderOut(many=True))
    def get(self, request: Request) -> Response:
        """List orders, newest first."""
        return paged(request, self, orders.visible(actor_of(request).user), order_row)

    @extend_schema(request=PlacedOrderIn, responses={201: OrderOut, 422: None})
    def post(self, request: Request) -> Response:
        """Send an order: checked by every control, and approved by whoever sends it or by a signed mandate."""
        draft = PlacedOrderIn(data=request.data)
        draft.is_valid(raise_exception=True)
        actor, now = actor_of(request), utc_now()
        key = f"{actor.user.pk}:{key_of(request)}"
        return answer_once(request, actor, now, lambda: _place(draft.validated_data, actor, key))


def _place(draft: dict[str, Any], actor: Actor, key: str) -> Answer:
    wishes = [Wish(**one) for one in draft["lots"]]
    order = closing.place(draft=draft, wishes=wishes, actor=actor, key=key, trace_id=trace_id(), now=utc_now())
    if order.status != OrdStatus.DENIED:
        return Answer(201, order_row(order))
    seen = {"order": order_row(order), "checks": failed_checks(order)}
    return Answer(422, body("RISK_DENIED", f"Denied: {order.reason} Nothing was sent.", seen))


class HeldOrders(APIView):
    """What waits at the desk."""

    @extend_schema(responses=HeldOut)
    def get(self, request: Request) -> Response:
        """Return the orders that the desk holds, with what each waits for and sees now."""
        return Response(held.held(actor_of(request).user, now=utc_now()))


class OneOrder(APIView):
    """One order."""

    @extend_schema(responses=OrderDetailOut)
    def get(self, request: Request, order_id: UUID) -> Response:
        """Return the order with its legs, events and executions."""
        return Response(orders.detail(actor_of(request).user, order_id))


class OrderCancel(APIView):
    """Cancelling."""

    scopes = {"POST": "trade"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=None, responses={202: OrderOut})
    def post(self, request: Request, order_id: UUID) -> Response:
        """Ask for the order's cancellation; the broker decides whether it comes in time."""
        actor, now = actor_of(request), utc_now()

        def act() -> Answer:
            return Answer(202, order_row(placing.cancel_order(order_id=order_id, actor=actor, now=now)))

        return answer_once(request, actor, now, act)


class OrderReplace(APIView):
    """Replacing."""

    scopes = {"POST": "trade"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=ReplaceIn, responses={202: OrderOut})
    def post(self, request: Request, order_id: UUID) -> Response:
        """Ask for other terms. Of a held order they hold at once; else once the broker has accepted them."""
        terms = ReplaceIn(data=request.data)
        terms.is_valid(raise_exception=True)
        actor, now = actor_of(request), utc_now()

        def act() -> Answer:
            new = submit.NewTerms(**terms.validated_data)
            return Answer(202, order_row(revising.replace(order_id=order_id, terms=new, actor=actor, now=now)))

        return answer_once(request, actor, now, act)


class Executions(APIView):
    """The desk's executions."""

    ordering = ("-transact_at", "-id")
    narrowed_by = ExecutionFilter

    @extend_schema(responses=ExecutionOut(many=True))
    def get(self, request: Request) -> Response:
        """List executions, newest first."""
        return paged(request, self, orders.visible_executions(actor_of(request).user), execution_row)
