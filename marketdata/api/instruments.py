"""Instruments."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from allcore.api.pagination import paged
from marketdata.selectors import instruments, rows
from marketdata.serializers import InstrumentOut, InstrumentsIn


class Instruments(APIView):
    """What can be looked up."""

    ordering = ("symbol",)
    asks = tuple(InstrumentsIn().fields)

    @extend_schema(parameters=[InstrumentsIn], responses=InstrumentOut(many=True))
    def get(self, request: Request) -> Response:
        """List instruments by symbol; `?underlying=`, `?kind=`, `?expiry=` and `?is_active=` narrow the list."""
        wanted = InstrumentsIn(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        return paged(request, self, instruments.listed(**wanted.validated_data), rows.instrument)


class OneInstrument(APIView):
    """One instrument."""

    @extend_schema(responses=InstrumentOut)
    def get(self, request: Request, symbol: str) -> Response:
        """Return it; an option's symbol may be padded or compact."""
        return Response(rows.instrument(instruments.get(symbol)))
