"""Lots: how closing trades take them, and which one order takes."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from allcore.accounts.actors import actor_of
from allcore.api.pagination import whole
from allcore.kernel.clock import utc_now
from trading.api.once import answer_once
from trading.selectors import lots
from trading.serializers.books import LotMethodIn, OrderLotsIn
from trading.services import lot_methods
from trading.services.elections import Wish
from trading.services.idempotency import Answer


class Lots(APIView):
    """Open lots."""

    columns = ("account",)

    @extend_schema(responses={200: dict})
    def get(self, request: Request) -> Response:
        """List each account's open lots, and the method by which closing trades take them."""
        return whole(request, self, lambda: lots.rows(actor_of(request).user, utc_now()))


class AccountLotMethod(APIView):
    """An account's lot method."""

    scopes = {"POST": "trade"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=LotMethodIn, responses={201: dict})
    def post(self, request: Request, code: str) -> Response:
        """Elect a method from a day on; what was closed before stays as it was told."""
        data = LotMethodIn(data=request.data)
        data.is_valid(raise_exception=True)
        actor, now = actor_of(request), utc_now()

        def act() -> Answer:
            made = lot_methods.elect(code, actor=actor, now=now, **data.validated_data)
            return Answer(201, {"account": code, "method": made.method, "effective_from": str(made.effective_from)})

        return answer_once(request, actor, now, act)


class OrderLots(APIView):
    """The lots of one order."""

    scopes = {"POST": "trade"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=OrderLotsIn, responses={200: dict})
    def post(self, request: Request, order_id: UUID) -> Response:
        """Name the lots that a closing order takes first, before anything of it has filled."""
        data = OrderLotsIn(data=request.data)
        data.is_valid(raise_exception=True)
        actor, now = actor_of(request), utc_now()
        wishes = [Wish(**one) for one in data.validated_data["lots"]]

        def act() -> Answer:
            named = lot_methods.instruct(order_id, wishes, actor=actor, now=now)
            return Answer(200, {"order_id": str(order_id), "lots": lots.named_rows(named)})

        return answer_once(request, actor, now, act)
