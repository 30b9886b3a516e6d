"""The Brokers page, and where a broker sends a person back to."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from allcore.kernel.clock import utc_now
from allcore.kernel.errors import DeskError
from brokers.selectors.overview import behaviour_rows, matrix
from risk.services import connections

HERE = "brokers"  # what other pages had to say is not repeated on this one


@login_required
@require_GET
def brokers(request: HttpRequest) -> HttpResponse:
    """Show the connections and what each adapter takes."""
    shown = {"matrix": matrix(utc_now()), "behaviours": behaviour_rows()}
    return render(request, "trading/brokers.html", shown)


@login_required
@require_GET
def callback(request: HttpRequest, name: str) -> HttpResponse:
    """Take the broker's answer to the leave a person gave."""
    actor = Actor(cast("User", request.user), address=str(request.META.get("REMOTE_ADDR", "")))
    try:
        ends = connections.finish_authorisation(name, request.GET.dict(), actor=actor, now=utc_now())
    except DeskError as e:
        messages.error(request, f"{name} was not authorised: {e.message}", extra_tags=HERE)
    else:
        until = "" if ends is None else f" until {ends:%d %B %Y, %H:%M} UTC"
        messages.success(request, f"{name} is authorised{until}.", extra_tags=HERE)
    return redirect("brokers")
