"""The stories of positions."""

from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.fields import IntegerField
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from allcore.accounts.actors import actor_of
from trading.selectors import stories

NARROWED = [
    *(OpenApiParameter(name, OpenApiTypes.STR) for name in ("account", "underlying")),
    OpenApiParameter("page", OpenApiTypes.INT),
]


class Stories(APIView):
    """The lives of positions."""

    @extend_schema(operation_id="stories_list", parameters=NARROWED, responses={200: dict})
    def get(self, request: Request) -> Response:
        """List a page of stories, the open ones first; `next` and `previous` are pages, null where there is none."""
        wanted = {name: str(request.query_params.get(name, "")) for name in ("account", "underlying")}
        page = IntegerField(min_value=1, max_value=10_000).run_validation(request.query_params.get("page", 1))
        found = stories.listed(actor_of(request).user, **wanted, page=page)
        return Response({"next": found.after, "previous": found.before, "results": found.rows})


class OneStory(APIView):
    """One story."""

    @extend_schema(responses={200: dict})
    def get(self, request: Request, order_id: UUID) -> Response:
        """Return the story that an order belongs to, whichever of its orders it is."""
        return Response(stories.story_of(actor_of(request).user, order_id))
