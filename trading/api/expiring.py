"""Short options that a person is to look at before the close."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from allcore.accounts.actors import actor_of
from allcore.api.pagination import whole
from allcore.kernel.clock import utc_now
from trading.selectors import expiring as found
from trading.selectors.expiring import task_row
from trading.serializers.expiring import AcknowledgementIn, ExpiryTaskOut, ExpiryTasksOut
from trading.services import expiring


class ExpiryTasks(APIView):
    """What waits for somebody."""

    @extend_schema(responses=ExpiryTasksOut)
    def get(self, request: Request) -> Response:
        """List the short options to look at in the accounts one may see; one page holds them."""
        return whole(request, self, lambda: found.rows(found.visible(actor_of(request).user)))


class Acknowledgement(APIView):
    """A person's word that an option is kept as it is."""

    scopes = {"POST": "approve"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=AcknowledgementIn, responses=ExpiryTaskOut)
    def post(self, request: Request, task_id: int) -> Response:
        """Acknowledge it, with a reason; a closing proposal that nobody has touched is withdrawn."""
        data = AcknowledgementIn(data=request.data)
        data.is_valid(raise_exception=True)
        task = expiring.acknowledge(task_id, actor=actor_of(request), now=utc_now(), **data.validated_data)
        return Response(task_row(task))
