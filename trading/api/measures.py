"""Portfolio risk."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from allcore.accounts.actors import actor_of
from allcore.kernel.clock import utc_now
from trading.selectors import measure_rows
from trading.serializers.measures import MeasuresOut


class Measures(APIView):
    """The measures of portfolio risk."""

    @extend_schema(responses=MeasuresOut)
    def get(self, request: Request) -> Response:
        """Return Greeks, values at risk, stress, concentration and drawdown of the accounts you may see."""
        return Response(measure_rows.rows(actor_of(request).user, utc_now()))
