"""Where an order would go."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from allcore.accounts.actors import Actor, actor_of
from allcore.api.errors import body
from allcore.kernel.clock import utc_now
from allcore.kernel.orders import OrdStatus
from allcore.logs import trace_id
from trading.api.once import answer_once, key_of
from trading.selectors.rows import failed_checks, order_row
from trading.serializers.algos import RoutedOut, RouteIn, ScorecardOut
from trading.services.idempotency import Answer
from trading.services.routing import place, score


class Route(APIView):
    """The scorecard of an order that is not sent."""

    scopes = {"POST": "trade"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=RouteIn, responses=ScorecardOut)
    def post(self, request: Request) -> Response:
        """Score the accounts for the order; nothing is written."""
        data = RouteIn(data=request.data)
        data.is_valid(raise_exception=True)
        given = data.validated_data
        _, row = score.scorecard(given["ticket"], given["route"], actor=actor_of(request), now=utc_now())
        return Response(row)


class RoutedOrders(APIView):
    """Orders that go to the best of several accounts."""

    scopes = {"POST": "trade"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=RouteIn, responses={201: RoutedOut, 409: None, 422: None})
    def post(self, request: Request) -> Response:
        """Send the order to the account that the scorecard chooses, and keep the scorecard with it."""
        data = RouteIn(data=request.data)
        data.is_valid(raise_exception=True)
        actor, now = actor_of(request), utc_now()
        key = f"{actor.user.pk}:{key_of(request)}"
        return answer_once(request, actor, now, lambda: _send(data.validated_data, actor, key))


def _send(given: dict[str, dict[str, object]], actor: Actor, key: str) -> Answer:
    order, row = place.place_routed(
        draft=given["ticket"],
        route=[str(code) for code in given["route"]],
        actor=actor,
        key=key,
        trace_id=trace_id(),
        now=utc_now(),
    )
    if order.status != OrdStatus.DENIED:
        return Answer(201, {"order": order_row(order), "scorecard": row})
    seen = {"order": order_row(order), "checks": failed_checks(order), "scorecard": row}
    return Answer(422, body("RISK_DENIED", f"Denied: {order.reason} Nothing was sent.", seen))
