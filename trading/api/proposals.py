"""Proposals and decisions."""

from uuid import UUID

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from allcore.accounts.actors import actor_of
from allcore.api.pagination import paged
from allcore.kernel.clock import utc_now
from trading.api.once import answer_once
from trading.selectors import proposals
from trading.selectors.algo_rows import run_row
from trading.selectors.rows import order_row, proposal_row
from trading.serializers.proposals import DecisionOut, ProposalOut
from trading.serializers.requests import ApprovalIn, ChangeIn, RejectionIn
from trading.services import decide, propose
from trading.services.algos.executions import Asked
from trading.services.elections import Wish
from trading.services.idempotency import Answer


class ProposalFilter(filters.FilterSet):  # type: ignore[misc]  # the package is untyped
    """What a list of proposals is narrowed by."""

    account = filters.CharFilter(field_name="account__code")
    underlying = filters.CharFilter()
    status = filters.ChoiceFilter(choices=proposals.STATUSES)
    strategy = filters.CharFilter()


class Proposals(APIView):
    """What is and was proposed."""

    ordering = ("-proposed_at", "-id")
    narrowed_by = ProposalFilter

    @extend_schema(responses=ProposalOut(many=True))
    def get(self, request: Request) -> Response:
        """List proposals, newest first."""
        return paged(request, self, proposals.visible(actor_of(request).user), proposal_row)


class OneProposal(APIView):
    """One proposal."""

    @extend_schema(responses=ProposalOut)
    def get(self, request: Request, proposal_id: UUID) -> Response:
        """Return the proposal with its card."""
        return Response(proposals.one(actor_of(request).user, proposal_id))


class Approval(APIView):
    """Approving."""

    scopes = {"POST": "approve"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=ApprovalIn, responses={201: DecisionOut})
    def post(self, request: Request, proposal_id: UUID) -> Response:
        """Approve what was shown; one approval of all needed wins, and stages the order or starts its run."""
        data = ApprovalIn(data=request.data)
        data.is_valid(raise_exception=True)
        actor, now, told = actor_of(request), utc_now(), dict(data.validated_data)
        lots = [Wish(**one) for one in told.pop("lots")]

        def act() -> Answer:
            decided = decide.approve(proposal_id=proposal_id, actor=actor, now=now, lots=lots, **told)
            order = None if decided.order is None else order_row(decided.order)
            run = None if decided.run is None else run_row(decided.run)
            return Answer(201, {"proposal": proposal_row(decided.proposal), "order": order, "run": run})

        return answer_once(request, actor, now, act)


class Rejection(APIView):
    """Rejecting."""

    scopes = {"POST": "approve"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=RejectionIn, responses=ProposalOut)
    def post(self, request: Request, proposal_id: UUID) -> Response:
        """Reject with a coded reason."""
        data = RejectionIn(data=request.data)
        data.is_valid(raise_exception=True)
        actor, now = actor_of(request), utc_now()

        def act() -> Answer:
            rejected = decide.reject(proposal_id=proposal_id, actor=actor, now=now, **data.validated_data)
            return Answer(200, proposal_row(rejected))

        return answer_once(request, actor, now, act)


class Hold(APIView):
    """Holding."""

    scopes = {"POST": "approve"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=None, responses=ProposalOut)
    def post(self, request: Request, proposal_id: UUID) -> Response:
        """Hold it, or let it go again; its time runs on."""
        actor, now = actor_of(request), utc_now()

        def act() -> Answer:
            return Answer(200, proposal_row(decide.hold(proposal_id=proposal_id, actor=actor, now=now)))

        return answer_once(request, actor, now, act)


class Change(APIView):
    """Changing."""

    scopes = {"POST": "approve"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=ChangeIn, responses={201: ProposalOut})
    def post(self, request: Request, proposal_id: UUID) -> Response:
        """Propose other numbers or another execution: a new card, with risk run anew, in place of the old."""
        data = ChangeIn(data=request.data)
        data.is_valid(raise_exception=True)
        actor, now, told = actor_of(request), utc_now(), dict(data.validated_data)
        asked = told.pop("execution", None)
        new = propose.Numbers(**told, execution=None if asked is None else Asked(**asked))

        def act() -> Answer:
            changed = propose.change(proposal_id=proposal_id, new=new, actor=actor, now=now)
            return Answer(201, proposal_row(changed))

        return answer_once(request, actor, now, act)
