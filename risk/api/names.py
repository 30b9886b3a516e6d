"""Rules of names, and strategies that were stopped."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from allcore.accounts.actors import actor_of
from allcore.api.pagination import whole
from allcore.kernel.clock import utc_now
from risk.selectors import name_rules as found
from risk.selectors.name_rules import hold_row, rule_row
from risk.serializers import DecisionIn, NameRuleIn, NameRuleOut, NameRulesOut, StrategyHoldOut, StrategyHoldsOut, WhyIn
from risk.services import holds, name_rules


class NameRules(APIView):
    """Every rule that is not lifted."""

    scopes = {"POST": "risk"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(responses=NameRulesOut)
    def get(self, request: Request) -> Response:
        """List the rules that concern the accounts one may see; there are few: one page holds them."""
        return whole(request, self, lambda: [rule_row(rule) for rule in found.visible_rules(actor_of(request).user)])

    @extend_schema(request=NameRuleIn, responses={201: NameRuleOut, 202: NameRuleOut})
    def post(self, request: Request) -> Response:
        """Lay down a rule: 201 if it is in force, 202 if it waits for a second person."""
        data = NameRuleIn(data=request.data)
        data.is_valid(raise_exception=True)
        rule = name_rules.lay_down(**data.validated_data, actor=actor_of(request), now=utc_now())
        waits = rule.in_force_at is None
        return Response(rule_row(rule), status=status.HTTP_202_ACCEPTED if waits else status.HTTP_201_CREATED)


class NameRuleConfirmation(APIView):
    """The second person, of a name that is to be allowed."""

    scopes = {"POST": "risk"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=None, responses=NameRuleOut)
    def post(self, request: Request, rule_id: int) -> Response:
        """Put it in force."""
        return Response(rule_row(name_rules.confirm(rule_id, actor=actor_of(request), now=utc_now())))


class NameRuleLift(APIView):
    """Asking that a rule be lifted."""

    scopes = {"POST": "risk"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=WhyIn, responses={202: NameRuleOut})
    def post(self, request: Request, rule_id: int) -> Response:
        """Ask; the rule holds until another person agrees."""
        data = WhyIn(data=request.data)
        data.is_valid(raise_exception=True)
        rule = name_rules.ask_to_lift(rule_id, actor=actor_of(request), now=utc_now(), **data.validated_data)
        return Response(rule_row(rule), status=status.HTTP_202_ACCEPTED)


class NameRuleLiftDecision(APIView):
    """The second person, of a rule that is to be lifted."""

    scopes = {"POST": "risk"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=DecisionIn, responses=NameRuleOut)
    def post(self, request: Request, rule_id: int) -> Response:
        """Lift it, or let it stand."""
        data = DecisionIn(data=request.data)
        data.is_valid(raise_exception=True)
        rule = name_rules.decide_lift(rule_id, actor=actor_of(request), now=utc_now(), **data.validated_data)
        return Response(rule_row(rule))


class StrategyHolds(APIView):
    """What repeated executions have stopped."""

    @extend_schema(responses=StrategyHoldsOut)
    def get(self, request: Request) -> Response:
        """List what is stopped in the accounts one may see; one page holds them."""
        return whole(request, self, lambda: [hold_row(hold) for hold in found.visible_holds(actor_of(request).user)])


class StrategyHoldRelease(APIView):
    """A person who lets a strategy go on."""

    scopes = {"POST": "risk"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=WhyIn, responses=StrategyHoldOut)
    def post(self, request: Request, hold_id: int) -> Response:
        """Let it go on, with a reason."""
        data = WhyIn(data=request.data)
        data.is_valid(raise_exception=True)
        return Response(
            hold_row(holds.let_go_on(hold_id, actor=actor_of(request), now=utc_now(), **data.validated_data))
        )
