"""Lowering the kill switch: two people. Raising it acts on orders, so it lives in `trading.api`."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from allcore.accounts.actors import actor_of
from allcore.kernel.clock import utc_now
from risk.selectors.rows import kill_row, release_row
from risk.serializers import KillOut, ReleaseIn, ReleaseOut
from risk.services import kill


class Release(APIView):
    """Asking to lower a level."""

    scopes = {"POST": "risk"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=ReleaseIn, responses={202: ReleaseOut})
    def post(self, request: Request) -> Response:
        """Ask; another person confirms."""
        data = ReleaseIn(data=request.data)
        data.is_valid(raise_exception=True)
        release = kill.request_release(actor=actor_of(request), now=utc_now(), **data.validated_data)
        return Response(release_row(release), status=status.HTTP_202_ACCEPTED)


class Confirmation(APIView):
    """Lowering it."""

    scopes = {"POST": "risk"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=None, responses=KillOut)
    def post(self, request: Request, release_id: int) -> Response:
        """Lower the level, as the second of two people."""
        kill.confirm_release(release_id, actor=actor_of(request), now=utc_now())
        return Response(kill_row())
