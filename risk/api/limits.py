"""Limits and their edits."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from allcore.accounts.actors import actor_of
from allcore.api.pagination import paged, whole
from allcore.kernel.clock import utc_now
from risk.domain.edits import Edit
from risk.selectors import limits as found
from risk.selectors.rows import change_row, limit_row
from risk.serializers import ChangeOut, DecisionIn, EditIn, LimitsOut, OwnLimitIn
from risk.services import limits, own_limits


class Limits(APIView):
    """Every limit."""

    columns = ("code", "account", "underlying")

    scopes = {"POST": "risk"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(responses=LimitsOut)
    def get(self, request: Request) -> Response:
        """List the limits that concern the accounts one may see; there are few: one page holds them."""
        rows = found.visible(actor_of(request).user)
        return whole(request, self, lambda: [limit_row(limit) for limit in rows])

    @extend_schema(request=OwnLimitIn, responses={201: ChangeOut})
    def post(self, request: Request) -> Response:
        """Give an account or an underlying a limit of its own."""
        data = OwnLimitIn(data=request.data)
        data.is_valid(raise_exception=True)
        change = own_limits.narrow(own_limits.own_limit(**data.validated_data), actor=actor_of(request), now=utc_now())
        return Response(change_row(change), status=status.HTTP_201_CREATED)


class OneLimit(APIView):
    """One limit."""

    scopes = {"PATCH": "risk"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=EditIn, responses={200: ChangeOut, 202: ChangeOut})
    def patch(self, request: Request, limit_id: int) -> Response:
        """Edit it: 200 if in force, 202 if it waits for a second person."""
        data = EditIn(data=request.data)
        data.is_valid(raise_exception=True)
        values = dict(data.validated_data)
        version = values.pop("version", None)
        edit = Edit(**values)
        change = limits.request_change(limit_id, edit=edit, actor=actor_of(request), now=utc_now(), version=version)
        code = status.HTTP_202_ACCEPTED if change.is_loosening else status.HTTP_200_OK
        return Response(change_row(change), status=code)


class Changes(APIView):
    """The edits."""

    ordering = ("-id",)
    asks = ("status",)

    @extend_schema(parameters=[OpenApiParameter("status", OpenApiTypes.STR)], responses=ChangeOut(many=True))
    def get(self, request: Request) -> Response:
        """List the edits, newest first; `?status=PROPOSED` are those that wait."""
        rows = found.visible_changes(actor_of(request).user, status=request.query_params.get("status", ""))
        return paged(request, self, rows, change_row)


class Decision(APIView):
    """The second person."""

    scopes = {"POST": "risk"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=DecisionIn, responses=ChangeOut)
    def post(self, request: Request, change_id: int) -> Response:
        """Apply an edit that loosens, or reject it."""
        data = DecisionIn(data=request.data)
        data.is_valid(raise_exception=True)
        change = limits.decide_change(change_id, actor=actor_of(request), now=utc_now(), **data.validated_data)
        return Response(change_row(change))
