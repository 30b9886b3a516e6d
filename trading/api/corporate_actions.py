"""Corporate actions."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from allcore.accounts.actors import actor_of
from allcore.api.pagination import whole
from allcore.kernel.clock import utc_now
from trading.api.once import answer_once
from trading.selectors.corporate_actions import action_row, listed
from trading.serializers.books import ActionDecisionIn, CorporateActionIn
from trading.services import corporate_actions
from trading.services.corporate_actions import Announcement
from trading.services.idempotency import Answer


class CorporateActions(APIView):
    """What was announced of shares."""

    scopes = {"POST": "risk"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(responses={200: dict})
    def get(self, request: Request) -> Response:
        """List corporate actions, the latest ex-date first."""
        return whole(request, self, listed)

    @extend_schema(request=CorporateActionIn, responses={201: dict})
    def post(self, request: Request) -> Response:
        """Enter an action; another person confirms it."""
        data = CorporateActionIn(data=request.data)
        data.is_valid(raise_exception=True)
        actor, now = actor_of(request), utc_now()
        announced = Announcement(**data.validated_data)

        def act() -> Answer:
            return Answer(201, action_row(corporate_actions.enter(announced, actor=actor, now=now)))

        return answer_once(request, actor, now, act)


class ActionDecision(APIView):
    """The decision on a corporate action."""

    scopes = {"POST": "risk"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=ActionDecisionIn, responses={200: dict})
    def post(self, request: Request, action_id: int) -> Response:
        """Confirm it, if somebody else entered it, or withdraw it; before its ex-date."""
        data = ActionDecisionIn(data=request.data)
        data.is_valid(raise_exception=True)
        actor, now = actor_of(request), utc_now()
        confirm = data.validated_data["state"] == "CONFIRMED"

        def act() -> Answer:
            return Answer(200, action_row(corporate_actions.decide(action_id, confirm=confirm, actor=actor, now=now)))

        return answer_once(request, actor, now, act)
