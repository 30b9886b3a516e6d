"""What an account did before the desk knew it."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from allcore.accounts.actors import actor_of
from allcore.api.pagination import paged
from trading.selectors import history
from trading.serializers.answers import HistoryOut


class AccountHistory(APIView):
    """Transactions imported from a broker's files."""

    ordering = ("-at", "-id")

    @extend_schema(responses=HistoryOut(many=True))
    def get(self, request: Request, code: str) -> Response:
        """List an account's imported transactions, newest first."""
        return paged(request, self, history.history(actor_of(request).user, code), history.history_row)
