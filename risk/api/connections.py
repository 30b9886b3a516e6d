"""Connections to brokers: what is seen by all who are signed in, and what those who may do to them."""

from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from allcore.accounts.actors import actor_of
from allcore.api.pagination import paged, whole
from allcore.kernel.clock import utc_now
from brokers.selectors.overview import matrix, overview, overview_row
from risk.serializers import CodeIn, ConnectionIn, ConnectionOut, CredentialsIn, NewAccountIn, PauseIn
from risk.services import connections


class ConnectionList(APIView):
    """Every connection."""

    ordering = ("name",)
    scopes = {"POST": "risk"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(responses=ConnectionOut(many=True))
    def get(self, request: Request) -> Response:
        """List them: health, limits left, credentials by name, certification."""
        now = utc_now()
        return paged(request, self, overview(), lambda connection: overview_row(connection, now))

    @extend_schema(request=ConnectionIn, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        """Add one, paused."""
        data = ConnectionIn(data=request.data)
        data.is_valid(raise_exception=True)
        connections.add(**data.validated_data, actor=actor_of(request), now=utc_now())
        return Response({"name": data.validated_data["name"]}, status=status.HTTP_201_CREATED)


class Matrix(APIView):
    """What each adapter takes."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """Return a row for each adapter, with its certification."""
        return whole(request, self, lambda: matrix(utc_now()))


class Pause(APIView):
    """Take a connection out of use."""

    scopes = {"POST": "risk"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=PauseIn, responses={204: None})
    def post(self, request: Request, name: str) -> Response:
        """Pause it; a halt needs no reason."""
        data = PauseIn(data=request.data)
        data.is_valid(raise_exception=True)
        connections.pause(name, reason=data.validated_data["reason"], actor=actor_of(request), now=utc_now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class Resume(APIView):
    """Put a connection back into use."""

    scopes = {"POST": "risk"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=PauseIn, responses={204: None})
    def post(self, request: Request, name: str) -> Response:
        """Resume it, with a reason."""
        data = PauseIn(data=request.data)
        data.is_valid(raise_exception=True)
        connections.resume(name, reason=data.validated_data["reason"], actor=actor_of(request), now=utc_now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class ConnectionAccounts(APIView):
    """The accounts behind a connection."""

    scopes = {"POST": "risk"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=NewAccountIn, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, name: str) -> Response:
        """Add an account that the broker keeps."""
        data = NewAccountIn(data=request.data)
        data.is_valid(raise_exception=True)
        connections.add_account(**data.validated_data, connection=name, actor=actor_of(request), now=utc_now())
        return Response({"code": data.validated_data["code"]}, status=status.HTTP_201_CREATED)


class Credentials(APIView):
    """The credentials of a connection; they are written and never read back. A person in the browser, not a script."""

    scopes = {"PUT": "risk", "DELETE": "risk"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=CredentialsIn, responses=OpenApiTypes.OBJECT)
    def put(self, request: Request, name: str) -> Response:
        """Seal them; answer with the names of all that are kept."""
        data = CredentialsIn(data=request.data)
        data.is_valid(raise_exception=True)
        kept = connections.keep_credentials(name, data.validated_data["values"], actor=actor_of(request), now=utc_now())
        return Response({"kept": kept})

    @extend_schema(responses={204: None})
    def delete(self, request: Request, name: str) -> Response:
        """Destroy them."""
        connections.revoke_credentials(name, actor=actor_of(request), now=utc_now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class Authorisation(APIView):
    """The leave that a person gives at the broker's own page."""

    scopes = {"POST": "risk", "PUT": "risk"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=None, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, name: str) -> Response:
        """Begin: return the page to go to, and whether it shows a code to bring back."""
        callback = request.build_absolute_uri(reverse("broker_callback", args=[name]))
        return Response(connections.begin_authorisation(name, callback, actor=actor_of(request), now=utc_now()))

    @extend_schema(request=CodeIn, responses=OpenApiTypes.OBJECT)
    def put(self, request: Request, name: str) -> Response:
        """Finish with the code that the broker showed."""
        data = CodeIn(data=request.data)
        data.is_valid(raise_exception=True)
        ends = connections.finish_authorisation(name, data.validated_data, actor=actor_of(request), now=utc_now())
        return Response({"until": None if ends is None else ends.isoformat()})
