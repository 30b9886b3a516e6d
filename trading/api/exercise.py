"""Exercise instructions."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from allcore.accounts.actors import actor_of
from allcore.kernel.clock import utc_now
from trading.api.once import answer_once
from trading.selectors.exercise import instruction_row, listed
from trading.serializers.exercise import ClosingIn, InstructionIn
from trading.services import exercise
from trading.services.idempotency import Answer


class ExerciseInstructions(APIView):
    """What is to become of long options."""

    scopes = {"POST": "trade"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(responses={200: dict})
    def get(self, request: Request) -> Response:
        """List instructions, newest first, and the long options with their cut-offs."""
        return Response(listed(actor_of(request).user))

    @extend_schema(request=InstructionIn, responses={201: dict})
    def post(self, request: Request) -> Response:
        """Give an instruction: it goes to the broker, or is kept as a note where the broker takes none."""
        data = InstructionIn(data=request.data)
        data.is_valid(raise_exception=True)
        actor, now = actor_of(request), utc_now()

        def act() -> Answer:
            return Answer(201, instruction_row(exercise.instruct(actor=actor, now=now, **data.validated_data)))

        return answer_once(request, actor, now, act)


class InstructionEnd(APIView):
    """The end of an instruction."""

    scopes = {"POST": "trade"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=ClosingIn, responses={200: dict})
    def post(self, request: Request, instruction_id: UUID) -> Response:
        """Withdraw it before its cut-off, or confirm that a person has told the broker."""
        data = ClosingIn(data=request.data)
        data.is_valid(raise_exception=True)
        actor, now = actor_of(request), utc_now()

        def act() -> Answer:
            ended = exercise.close(instruction_id=instruction_id, actor=actor, now=now, **data.validated_data)
            return Answer(200, instruction_row(ended))

        return answer_once(request, actor, now, act)
