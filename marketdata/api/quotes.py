"""Quotes and chains."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketdata.selectors import chains, rows
from marketdata.serializers import ChainIn, ChainOut, QuoteOut, QuotesIn, QuotesOut


class Quotes(APIView):
    """The latest quotes of several symbols."""

    @extend_schema(operation_id="quotes_list", parameters=[QuotesIn], responses=QuotesOut)
    def get(self, request: Request) -> Response:
        """Return the quotes of `?symbols=A,B`; an instrument that has no quote yet is left out."""
        wanted = QuotesIn(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        return Response({"results": rows.known_quotes(wanted.validated_data["symbols"])})


class OneQuote(APIView):
    """The latest quote of one symbol."""

    @extend_schema(responses=QuoteOut)
    def get(self, request: Request, symbol: str) -> Response:
        """Return it, or 503 while the instrument has none."""
        return Response(rows.one_quote(symbol))


class OptionChain(APIView):
    """The option chain of an underlying."""

    @extend_schema(parameters=[ChainIn], responses=ChainOut)
    def get(self, request: Request, underlying: str) -> Response:
        """Return the options of `?expiry=`, or of the nearest, with quotes, model values and open interest."""
        wanted = ChainIn(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        return Response(rows.chain(chains.chain(underlying, wanted.validated_data["expiry"])))
