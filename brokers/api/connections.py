"""Connections to brokers. They are paused and resumed where permissions are known, above."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from brokers.selectors import connections
from brokers.serializers import ConnectionOut


class Connections(APIView):
    """Every connection."""

    @extend_schema(responses=ConnectionOut(many=True))
    def get(self, request: Request) -> Response:
        """Return how each connection is."""
        return Response([connections.row_of(connection) for connection in connections.connections()])
