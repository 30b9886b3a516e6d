"""The kill switch: raising its level acts on proposals and orders before the answer is given."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from allcore.accounts.actors import actor_of
from allcore.kernel.clock import utc_now
from risk.selectors.rows import kill_row
from risk.serializers import EngageIn, KillOut
from trading.services import kill


class KillSwitch(APIView):
    """Its levels, and raising one."""

    scopes = {"POST": "risk"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(responses=KillOut)
    def get(self, request: Request) -> Response:
        """Return the levels in force; everybody who is signed in may know."""
        return Response(kill_row())

    @extend_schema(request=EngageIn, responses=KillOut)
    def post(self, request: Request) -> Response:
        """Engage: at once, without a second person. Again is the same."""
        data = EngageIn(data=request.data)
        data.is_valid(raise_exception=True)
        kill.engage(actor=actor_of(request), now=utc_now(), **data.validated_data)
        return Response(kill_row())
