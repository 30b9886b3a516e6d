"""Execution algorithms."""

from uuid import UUID

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from allcore.accounts.actors import actor_of
from allcore.api.pagination import paged
from allcore.kernel.clock import utc_now
from allcore.logs import trace_id
from trading.api.once import answer_once
from trading.domain.algos.events import Word
from trading.selectors import algos
from trading.selectors.algo_rows import run_row
from trading.serializers.algos import AlgoDetailOut, AlgoIn, AlgoOut, PauseReasonIn
from trading.services.algos import control, start
from trading.services.elections import Wish
from trading.services.idempotency import Answer


class AlgoFilter(filters.FilterSet):  # type: ignore[misc]  # the package is untyped
    """What a list of runs is narrowed by."""

    account = filters.CharFilter(field_name="account__code")
    underlying = filters.CharFilter()
    status = filters.ChoiceFilter(choices=algos.STATUSES)
    algo = filters.CharFilter()


class Algos(APIView):
    """Runs of algorithms."""

    scopes = {"POST": "trade"}  # noqa: RUF012 REST framework's way of declaring
    ordering = ("-created_at", "-id")
    narrowed_by = AlgoFilter

    @extend_schema(responses=AlgoOut(many=True))
    def get(self, request: Request) -> Response:
        """List runs, newest first."""
        return paged(request, self, algos.visible(actor_of(request).user), run_row)

    @extend_schema(request=AlgoIn, responses={201: AlgoOut, 409: None})
    def post(self, request: Request) -> Response:
        """Start a run: the whole is checked and approved now, each child is checked again when its time comes."""
        data = AlgoIn(data=request.data)
        data.is_valid(raise_exception=True)
        given, actor, now = data.validated_data, actor_of(request), utc_now()
        lots = tuple(Wish(**one) for one in given["lots"])
        wish = start.Wish(given["ticket"], given["algo"], given["parameters"], given.get("minutes"), lots)

        def act() -> Answer:
            return Answer(201, run_row(start.start(wish, actor=actor, trace_id=trace_id(), now=now)))

        return answer_once(request, actor, now, act)


class OneAlgo(APIView):
    """One run."""

    @extend_schema(responses=AlgoDetailOut)
    def get(self, request: Request, run_id: UUID) -> Response:
        """Return the run with its children, events and walk."""
        return Response(algos.detail(actor_of(request).user, run_id))


class AlgoWord(APIView):
    """Telling a run something."""

    scopes = {"POST": "trade"}  # noqa: RUF012 REST framework's way of declaring
    word: Word

    @extend_schema(request=PauseReasonIn, responses={202: AlgoOut})
    def post(self, request: Request, run_id: UUID) -> Response:
        """Tell the run; what it takes back is asked for at once, and the broker decides."""
        data = PauseReasonIn(data=request.data)
        data.is_valid(raise_exception=True)
        actor, now = actor_of(request), utc_now()

        def act() -> Answer:
            run = control.tell(run_id, self.word, actor=actor, now=now, **data.validated_data)
            return Answer(202, run_row(run))

        return answer_once(request, actor, now, act)


class AlgoCancel(AlgoWord):
    """Cancelling a run."""

    word = Word.CANCEL


class AlgoPause(AlgoWord):
    """Pausing a run."""

    word = Word.PAUSE


class AlgoResume(AlgoWord):
    """Letting a run go on."""

    word = Word.RESUME
