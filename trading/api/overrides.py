"""Overrides of soft blocks on tickets by hand."""

from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from allcore.accounts.actors import actor_of
from allcore.api.pagination import paged
from allcore.kernel.clock import utc_now
from trading.api.once import answer_once
from trading.selectors import overrides as found
from trading.selectors.overrides import override_row
from trading.serializers.overrides import OverrideDecisionIn, OverrideIn, OverrideOut
from trading.services import overrides
from trading.services.idempotency import Answer


class Overrides(APIView):
    """What was asked for."""

    scopes = {"POST": "trade"}  # noqa: RUF012 REST framework's way of declaring
    ordering = ("-asked_at", "-id")
    asks = ("status",)

    @extend_schema(parameters=[OpenApiParameter("status", OpenApiTypes.STR)], responses=OverrideOut(many=True))
    def get(self, request: Request) -> Response:
        """List overrides, newest first; `?status=ASKED` are those that wait."""
        rows = found.visible(actor_of(request).user, status=request.query_params.get("status", ""))
        return paged(request, self, rows, override_row)

    @extend_schema(request=OverrideIn, responses={201: OverrideOut})
    def post(self, request: Request) -> Response:
        """Ask a second person to accept the soft blocks of just this ticket."""
        data = OverrideIn(data=request.data)
        data.is_valid(raise_exception=True)
        draft = dict(data.validated_data)
        reason, actor, now = draft.pop("reason"), actor_of(request), utc_now()

        def act() -> Answer:
            return Answer(201, override_row(overrides.ask(draft=draft, reason=reason, actor=actor, now=now)))

        return answer_once(request, actor, now, act)


class OneOverride(APIView):
    """One of them."""

    @extend_schema(responses=OverrideOut)
    def get(self, request: Request, override_id: UUID) -> Response:
        """Return the override."""
        return Response(found.one(actor_of(request).user, override_id))


class OverrideDecision(APIView):
    """The second person."""

    scopes = {"POST": "risk"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=OverrideDecisionIn, responses=OverrideOut)
    def post(self, request: Request, override_id: UUID) -> Response:
        """Accept, by who may override each of the rules and has not asked; or decline."""
        data = OverrideDecisionIn(data=request.data)
        data.is_valid(raise_exception=True)
        actor, now = actor_of(request), utc_now()

        def act() -> Answer:
            row = overrides.decide(override_id, actor=actor, now=now, **data.validated_data)
            return Answer(200, override_row(row))

        return answer_once(request, actor, now, act)
