"""What each session left behind."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.fields import DateField
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from allcore.accounts.actors import actor_of
from allcore.api.pagination import paged
from trading.selectors import statements


class Statements(APIView):
    """Day-end statements."""

    ordering = ("-day", "account", "-id")
    asks = ("account",)

    @extend_schema(
        operation_id="statements_list",
        parameters=[OpenApiParameter("account", OpenApiTypes.STR)],
        responses={200: dict},
    )
    def get(self, request: Request) -> Response:
        """List the statements, newest first: verdict, equity, the day's P&L and the digest that the audit trail has."""
        account = str(request.query_params.get("account", ""))
        found = statements.statements(actor_of(request).user, account=account)
        return paged(request, self, found, statements.statement_row)


class OneStatement(APIView):
    """One day-end statement."""

    @extend_schema(responses={200: dict})
    def get(self, request: Request, code: str, day: str) -> Response:
        """Return the whole statement: money, explanation, positions with lots, the broker's book, differences."""
        wanted = DateField().run_validation(day)
        return Response(statements.statement(actor_of(request).user, account=code, day=wanted))
