"""Looking before sending. POST, for it has a body; nothing is written."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from allcore.accounts.actors import actor_of
from allcore.kernel.clock import utc_now
from trading.domain.structures.analysis import Scenario
from trading.selectors import conditions, list_preview, preview
from trading.serializers.preview import (
    AdviceIn,
    AdviceOut,
    ConditionLookIn,
    ConditionLookOut,
    OrderListPreviewOut,
    PreviewIn,
)
from trading.serializers.requests import OrderListIn
from trading.services.algos import advice


class OrderPreview(APIView):
    """What an order would mean."""

    scopes = {"POST": "trade"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=PreviewIn, responses={200: dict})
    def post(self, request: Request) -> Response:
        """Return the gate's verdict, margin (an estimate), fees, structure and payoff; nothing is sent or kept."""
        draft, scenario = _read(request)
        return Response(preview.preview(draft, actor_of(request).user, scenario, now=utc_now()))


class StructureAnalysis(APIView):
    """What a structure is worth."""

    scopes = {"POST": "trade"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=PreviewIn, responses={200: dict})
    def post(self, request: Request) -> Response:
        """Return the structure's name, profile, Greeks and curves on a date, at a volatility; no account is read."""
        draft, scenario = _read(request)
        return Response(preview.structure(draft, scenario, now=utc_now()))


class OrderListPreview(APIView):
    """What a list of orders would meet."""

    scopes = {"POST": "trade"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=OrderListIn, responses={200: OrderListPreviewOut})
    def post(self, request: Request) -> Response:
        """Return the gate's verdict on each order of the list; nothing is sent or kept."""
        draft = OrderListIn(data=request.data)
        draft.is_valid(raise_exception=True)
        return Response(list_preview.preview(draft.validated_data, actor_of(request).user, now=utc_now()))


class AlgoAdvice(APIView):
    """Which algorithm fits."""

    scopes = {"POST": "trade"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=AdviceIn, responses={200: AdviceOut})
    def post(self, request: Request) -> Response:
        """Return what the table of choices says of a ticket now, by which row, and why; nothing is started."""
        data = AdviceIn(data=request.data)
        data.is_valid(raise_exception=True)
        asked = data.validated_data
        found = advice.advise(asked["ticket"], actor=actor_of(request), minutes=asked.get("minutes"), now=utc_now())
        return Response(found)


class ConditionLook(APIView):
    """What a condition would mean."""

    scopes = {"POST": "trade"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=ConditionLookIn, responses={200: ConditionLookOut})
    def post(self, request: Request) -> Response:
        """Return the condition in words, what it sees now and what is wrong with it; nothing is sent or kept."""
        data = ConditionLookIn(data=request.data)
        data.is_valid(raise_exception=True)
        return Response(conditions.look(data.validated_data, actor_of(request).user, now=utc_now()))


def _read(request: Request) -> tuple[Mapping[str, Any], Scenario]:
    data = PreviewIn(data=request.data)
    data.is_valid(raise_exception=True)
    draft = dict(data.validated_data)
    return draft, Scenario(**draft.pop("scenario", {}))
