"""Books of the market."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from allcore.kernel.clock import utc_now
from marketdata.selectors import depths
from marketdata.serializers import DepthOut


class OneDepth(APIView):
    """How deep the market of one symbol is."""

    @extend_schema(responses=DepthOut)
    def get(self, request: Request, symbol: str) -> Response:
        """Return its book, best prices first, or the best prices alone where `has_book` is false; `note` says why.

        Asking keeps the book with the broker for fifteen seconds; its changes come over the socket's `depth` stream.
        """
        return Response(depths.depth(symbol, now=utc_now()))
