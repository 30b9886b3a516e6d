"""Who am I, and my scripts' tokens. Tokens are made and revoked by a person at a session, never by a token."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from allcore.accounts import tokens
from allcore.accounts.actors import actor_of
from allcore.accounts.models import ApiToken
from allcore.api.bodies import Body
from allcore.api.pagination import paged
from allcore.kernel.clock import utc_now


class MeOut(serializers.Serializer[object]):
    """The one who asks."""

    name = serializers.CharField()
    username = serializers.CharField(source="user.username")
    via = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())


class TokenIn(Body[object]):
    """A token to make."""

    name = serializers.RegexField(r"^[A-Za-z0-9._-]{1,80}$")
    scopes = serializers.ListField(child=serializers.ChoiceField(ApiToken.Scope.choices), allow_empty=False)
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class TokenOut(serializers.ModelSerializer[ApiToken]):
    """A token; its key is shown when it is made and never again."""

    class Meta:
        model = ApiToken
        fields = ("id", "name", "scopes", "issued_at", "expires_at", "revoked_at")


class IssuedOut(TokenOut):
    """A token just made, with its key."""

    key = serializers.CharField()

    class Meta(TokenOut.Meta):
        fields = (*TokenOut.Meta.fields, "key")  # type: ignore[assignment]  # one longer


class Me(APIView):
    """GET /me/ says whose session or token this is."""

    @extend_schema(responses=MeOut)
    def get(self, request: Request) -> Response:
        return Response(MeOut(actor_of(request)).data)


class Tokens(APIView):
    """GET /tokens/ lists my tokens; POST makes one."""

    ordering = ("-id",)

    @extend_schema(responses=TokenOut(many=True))
    def get(self, request: Request) -> Response:
        return paged(request, self, tokens.tokens_of(actor_of(request).user), lambda token: dict(TokenOut(token).data))

    @extend_schema(request=TokenIn, responses={201: IssuedOut})
    def post(self, request: Request) -> Response:
        actor = actor_of(request)
        asked = TokenIn(data=request.data)
        asked.is_valid(raise_exception=True)
        token, key = tokens.issue(**asked.validated_data, user=actor.user, actor=actor.name, now=utc_now())
        return Response({**TokenOut(token).data, "key": key}, status=status.HTTP_201_CREATED)


class TokenItem(APIView):
    """DELETE /tokens/<id>/ revokes a token of mine."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, token_id: int) -> Response:
        actor = actor_of(request)
        tokens.revoke(token_id=token_id, owner=actor.user, actor=actor.name, now=utc_now())
        return Response(status=status.HTTP_204_NO_CONTENT)
