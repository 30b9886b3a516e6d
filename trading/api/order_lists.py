"""Brackets, OCO, OTO: orders that act on one another."""

from uuid import UUID

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from allcore.accounts.actors import actor_of
from allcore.api.pagination import paged
from allcore.kernel.clock import utc_now
from allcore.logs import trace_id
from trading.api.once import answer_once, key_of
from trading.selectors import order_lists
from trading.serializers.answers import OrderListOut
from trading.serializers.requests import OrderListIn
from trading.services.contingent import placing
from trading.services.idempotency import Answer


class OrderListFilter(filters.FilterSet):  # type: ignore[misc]  # the package is untyped
    """What the lists are narrowed by."""

    account = filters.CharFilter(field_name="account__code")
    kind = filters.CharFilter()
    is_open = filters.BooleanFilter(field_name="closed_at", lookup_expr="isnull")


class OrderLists(APIView):
    """The desk's lists of orders."""

    scopes = {"POST": "trade"}  # noqa: RUF012 REST framework's way of declaring
    ordering = ("-created_at", "-id")
    narrowed_by = OrderListFilter

    @extend_schema(responses=OrderListOut(many=True))
    def get(self, request: Request) -> Response:
        """List them, newest first."""
        return paged(request, self, order_lists.visible(actor_of(request).user), order_lists.list_row)

    @extend_schema(request=OrderListIn, responses={201: OrderListOut, 422: None})
    def post(self, request: Request) -> Response:
        """Place a list, whole or not at all: each order is checked by every control."""
        draft = OrderListIn(data=request.data)
        draft.is_valid(raise_exception=True)
        actor, now = actor_of(request), utc_now()
        key = f"{actor.user.pk}:{key_of(request)}"

        def act() -> Answer:
            made = placing.place(draft=draft.validated_data, actor=actor, key=key, trace_id=trace_id(), now=utc_now())
            return Answer(201, order_lists.detail(actor.user, made.pk))

        return answer_once(request, actor, now, act)


class OneOrderList(APIView):
    """One list."""

    @extend_schema(responses=OrderListOut)
    def get(self, request: Request, list_id: UUID) -> Response:
        """Return the list with its orders, their links and what they wait for."""
        return Response(order_lists.detail(actor_of(request).user, list_id))


class OrderListCancel(APIView):
    """Cancelling a list."""

    scopes = {"POST": "trade"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=None, responses={202: OrderListOut})
    def post(self, request: Request, list_id: UUID) -> Response:
        """Ask for the cancellation of every order of the list that may still fill."""
        actor, now = actor_of(request), utc_now()

        def act() -> Answer:
            placing.cancel(list_id=list_id, actor=actor, now=now)
            return Answer(202, order_lists.detail(actor.user, list_id))

        return answer_once(request, actor, now, act)
