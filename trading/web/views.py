"""One selector call each; what is live comes by the socket, what is changed goes by REST."""

from typing import cast
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from allcore.accounts.models import User
from allcore.kernel.errors import ForbiddenError, NotFoundError
from trading.selectors import algos, choices, curve, trail, underlyings, week
from trading.selectors import orders as order_rows
from trading.web.forms import TrailForm


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)


@login_required
@require_GET
def desk(request: HttpRequest) -> HttpResponse:
    """Show the queue, the selected proposal and the blotters."""
    return render(request, "trading/desk.html", {"reject_reasons": choices.reject_reasons(), "forms": algos.forms()})


@login_required
@require_GET
def orders(request: HttpRequest) -> HttpResponse:
    """Show the orders."""
    return render(request, "trading/orders.html")


@login_required
@require_GET
def order(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Show one order's life."""
    try:
        row = order_rows.detail(_user(request), order_id)
    except NotFoundError as error:
        raise Http404(error.message) from error
    return render(request, "trading/order.html", {"order": row})


@login_required
@require_GET
def positions(request: HttpRequest) -> HttpResponse:
    """Show positions, P&L and the equity curve."""
    return render(request, "trading/positions.html", {"curves": curve.equity_curves(_user(request))})


@login_required
@require_GET
def chains(request: HttpRequest) -> HttpResponse:
    """Show the chain of the first underlying that has options."""
    names = underlyings.with_options()
    return redirect("chain", underlying=names[0]) if names else render(request, "trading/chain_empty.html")


@login_required
@require_GET
def chain(request: HttpRequest, underlying: str) -> HttpResponse:
    """Show one underlying's chain."""
    names = underlyings.with_options()
    if underlying not in names and underlying.upper() in names:
        return redirect("chain", underlying=underlying.upper())
    if underlying not in names:
        raise Http404(f"No options of {underlying} are listed here.")
    return render(request, "trading/chain.html", {"underlying": underlying, "underlyings": names})


@login_required
@require_GET
def tickets(request: HttpRequest) -> HttpResponse:
    """Show the ticket of the first underlying that has options."""
    names = underlyings.with_options()
    return redirect("ticket", underlying=names[0]) if names else render(request, "trading/chain_empty.html")


@login_required
@require_GET
def ticket(request: HttpRequest, underlying: str) -> HttpResponse:
    """Show an order as it is built."""
    names = underlyings.with_options()
    if underlying not in names and underlying.upper() in names:
        return redirect("ticket", underlying=underlying.upper())
    if underlying not in names:
        raise Http404(f"No options of {underlying} are listed here.")
    return render(request, "trading/ticket.html", {"underlying": underlying, "underlyings": names})


@login_required
@require_GET
def risk(request: HttpRequest) -> HttpResponse:
    """Show limits, what is used of them, and the kill switch."""
    return render(request, "trading/risk.html")


@login_required
@require_GET
def breaks(request: HttpRequest) -> HttpResponse:
    """Show where the broker's books and ours differ, and what waits for somebody."""
    return render(request, "trading/breaks.html")


@login_required
@require_GET
def strategy(request: HttpRequest) -> HttpResponse:
    """Show the week's class and what the engine does about it."""
    return render(request, "trading/strategy.html", week.strategy(_user(request)))


@login_required
@require_GET
def audit(request: HttpRequest) -> HttpResponse:
    """List the audit trail."""
    form = TrailForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {"text": "", "action": "", "account": "", "before": None}
    user = _user(request)
    shown = {"entries": trail.trail(user, **wanted), "wanted": wanted, "may_verify": trail.may_verify(user)}
    return render(request, "trading/audit.html", shown)


@login_required
@require_POST
def audit_verification(request: HttpRequest) -> HttpResponse:
    """Check the chain of the audit trail, and say what was found."""
    try:
        report = trail.verified(_user(request))
    except ForbiddenError as error:
        raise PermissionDenied(error.message) from error
    return render(request, "trading/audit_verified.html", {"report": report})
