"""The break desk's addresses."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from allcore.accounts.actors import actor_of
from allcore.kernel.clock import utc_now
from trading.api.once import answer_once
from trading.selectors import breakdesk
from trading.selectors.rows import order_row
from trading.serializers.answers import OrderOut
from trading.serializers.breaks import BreakDeskOut, BreakOut, DeskReasonIn, NotFoundIn, QuarantineOut, ResolutionIn
from trading.services import resolve
from trading.services.idempotency import Answer


class Breaks(APIView):
    """What waits for somebody."""

    @extend_schema(responses=BreakDeskOut)
    def get(self, request: Request) -> Response:
        """Return open breaks, reports that lie aside, requests in doubt and orders from elsewhere."""
        return Response(breakdesk.desk(actor_of(request).user))


class BreakResolution(APIView):
    """Resolving a break."""

    scopes = {"POST": "risk"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=ResolutionIn, responses=BreakOut)
    def post(self, request: Request, break_id: int) -> Response:
        """Close it with a reason; with `adjusts`, the difference is booked first, marked RECONCILIATION."""
        said = ResolutionIn(data=request.data)
        said.is_valid(raise_exception=True)
        actor, now = actor_of(request), utc_now()

        def act() -> Answer:
            row = resolve.resolve_break(break_id=break_id, actor=actor, now=now, **said.validated_data)
            return Answer(200, breakdesk.break_row(row))

        return answer_once(request, actor, now, act)


class ReportResolution(APIView):
    """Putting a quarantined report away."""

    scopes = {"POST": "risk"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=DeskReasonIn, responses=QuarantineOut)
    def post(self, request: Request, quarantine_id: int) -> Response:
        """Put it away, unapplied, with a reason."""
        said = DeskReasonIn(data=request.data)
        said.is_valid(raise_exception=True)
        actor, now = actor_of(request), utc_now()

        def act() -> Answer:
            row = resolve.resolve_report(quarantine_id=quarantine_id, actor=actor, now=now, **said.validated_data)
            return Answer(200, breakdesk.quarantine_row(row))

        return answer_once(request, actor, now, act)


class OrderAdoption(APIView):
    """Adopting an order from elsewhere."""

    scopes = {"POST": "risk"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=DeskReasonIn, responses=OrderOut)
    def post(self, request: Request, order_id: UUID) -> Response:
        """Treat it as the desk's own from now on."""
        said = DeskReasonIn(data=request.data)
        said.is_valid(raise_exception=True)
        actor, now = actor_of(request), utc_now()

        def act() -> Answer:
            return Answer(200, order_row(resolve.adopt(order_id=order_id, actor=actor, now=now, **said.validated_data)))

        return answer_once(request, actor, now, act)


class ExternalCancel(APIView):
    """Cancelling an order from elsewhere."""

    scopes = {"POST": "risk"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=DeskReasonIn, responses={202: OrderOut})
    def post(self, request: Request, order_id: UUID) -> Response:
        """Ask the broker to cancel it."""
        said = DeskReasonIn(data=request.data)
        said.is_valid(raise_exception=True)
        actor, now = actor_of(request), utc_now()

        def act() -> Answer:
            order = resolve.cancel_external(order_id=order_id, actor=actor, now=now, **said.validated_data)
            return Answer(202, order_row(order))

        return answer_once(request, actor, now, act)


class OrderNotFound(APIView):
    """Declaring that the broker never had an order."""

    scopes = {"POST": "risk"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=NotFoundIn, responses=OrderOut)
    def post(self, request: Request, order_id: UUID) -> Response:
        """Take it on a person's word; `confirm` is the ClOrdID of what is in doubt."""
        said = NotFoundIn(data=request.data)
        said.is_valid(raise_exception=True)
        actor, now = actor_of(request), utc_now()

        def act() -> Answer:
            order = resolve.declare_not_found(order_id=order_id, actor=actor, now=now, **said.validated_data)
            return Answer(200, order_row(order))

        return answer_once(request, actor, now, act)
