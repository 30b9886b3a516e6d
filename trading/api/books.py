"""Accounts, positions, P&L, mandates."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from allcore.accounts.actors import actor_of
from allcore.api.pagination import whole
from allcore.api.schema import results_of
from allcore.kernel.clock import new_york_date, utc_now
from trading.selectors import accounts, attribution, explained, snapshots, washes
from trading.serializers.answers import AccountOut, MandateOut
from trading.serializers.requests import MandateIn, RevocationIn
from trading.services import mandates
from trading.services.revoke import revoke


class Accounts(APIView):
    """The desk's accounts."""

    columns = ("tier", "connection", "environment")

    @extend_schema(operation_id="accounts_list", responses=results_of(AccountOut))
    def get(self, request: Request) -> Response:
        """List the accounts you may see."""
        return whole(request, self, lambda: accounts.accounts(actor_of(request).user))


class OneAccount(APIView):
    """One account."""

    @extend_schema(responses=AccountOut)
    def get(self, request: Request, code: str) -> Response:
        """Return the account."""
        return Response(accounts.account(actor_of(request).user, code))


class Positions(APIView):
    """Positions, marked to the market."""

    columns = ("account", "underlying", "symbol")

    @extend_schema(responses={200: dict})
    def get(self, request: Request) -> Response:
        """List open positions as the monitor last marked them."""
        return whole(request, self, lambda: snapshots.snapshot("positions", actor_of(request).user))


class Pnl(APIView):
    """Profit and loss."""

    columns = ("account",)

    @extend_schema(responses={200: dict})
    def get(self, request: Request) -> Response:
        """List each account's P&L, equity and exposures as the monitor last computed them."""
        return whole(request, self, lambda: snapshots.snapshot("pnl", actor_of(request).user))


class PnlExplained(APIView):
    """The day's profit and loss, explained."""

    columns = ("account",)

    @extend_schema(responses={200: dict})
    def get(self, request: Request) -> Response:
        """List each account's day by what moved it, with its positions; the terms sum to the total to the cent."""
        return whole(request, self, lambda: explained.rows(actor_of(request).user, utc_now()))


class PnlAttribution(APIView):
    """What was realised, and where it belongs."""

    @extend_schema(responses={200: dict})
    def get(self, request: Request) -> Response:
        """Return what was realised by strategy, week type, account and broker."""
        return Response(attribution.rows(actor_of(request).user))


class WashSales(APIView):
    """Losses that were washed."""

    columns = ("account",)

    @extend_schema(responses={200: dict})
    def get(self, request: Request) -> Response:
        """List the past year's losses with a like position opened within 30 days."""
        return whole(request, self, lambda: washes.rows(actor_of(request).user, new_york_date(utc_now())))


class Mandates(APIView):
    """What scripts may send."""

    columns = ("account", "grantee")

    @extend_schema(operation_id="mandates_list", responses=results_of(MandateOut))
    def get(self, request: Request) -> Response:
        """List the mandates."""
        return whole(request, self, lambda: accounts.mandates(actor_of(request).user))

    @extend_schema(request=MandateIn, responses={201: MandateOut})
    def post(self, request: Request) -> Response:
        """Sign a mandate; only a person in a browser session can."""
        data = MandateIn(data=request.data)
        data.is_valid(raise_exception=True)
        signed = mandates.sign(actor=actor_of(request), now=utc_now(), **data.validated_data)
        return Response(accounts.mandate_row(signed), status=201)


class MandateRevocation(APIView):
    """Taking one back."""

    scopes = {"POST": "trade"}  # noqa: RUF012 REST framework's way of declaring

    @extend_schema(request=RevocationIn, responses=MandateOut)
    def post(self, request: Request, mandate_id: int) -> Response:
        """Revoke a mandate: no more is sent by it, and what the desk holds of it is cancelled."""
        data = RevocationIn(data=request.data)
        data.is_valid(raise_exception=True)
        revoked = revoke(mandate_id=mandate_id, actor=actor_of(request), now=utc_now(), **data.validated_data)
        return Response(accounts.mandate_row(revoked))
