"""The stories of positions."""

from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from allcore.accounts.actors import actor_of
from trading.selectors import stories

NARROWED = [OpenApiParameter(name, OpenApiTypes.STR) for name in ("account", "underlying")]


class Stories(APIView):
    """The lives of positions."""

    @extend_schema(operation_id="stories_list", parameters=NARROWED, responses={200: dict})
    def get(self, request: Request) -> Response:
        """List stories, the open ones first."""
        wanted = {name: str(request.query_params.get(name, "")) for name in ("account", "underlying")}
        return Response({"results": stories.listed(actor_of(request).user, **wanted)})


class OneStory(APIView):
    """One story."""

    @extend_schema(responses={200: dict})
    def get(self, request: Request, order_id: UUID) -> Response:
        """Return the story that an order belongs to, whichever of its orders it is."""
        return Response(stories.story_of(actor_of(request).user, order_id))
