"""The pages of execution algorithms."""

from typing import cast
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from allcore.accounts.models import User
from allcore.kernel.errors import NotFoundError
from trading.selectors import algos as runs


@login_required
@require_GET
def algos(request: HttpRequest) -> HttpResponse:
    """List the runs, and show the table by which an algorithm is chosen."""
    return render(request, "trading/algos.html", {"table": runs.table()})


@login_required
@require_GET
def algo_new(request: HttpRequest) -> HttpResponse:
    """Show the form that starts a run with the ticket that the address carries."""
    return render(request, "trading/algo_new.html", {"forms": runs.forms(), "table": runs.table()})


@login_required
@require_GET
def algo(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Show one run: its walk on the quote, its children, and why."""
    try:
        row = runs.detail(cast("User", request.user), run_id)
    except NotFoundError as error:
        raise Http404(error.message) from error
    return render(request, "trading/algo.html", {"run": row, "numbers": runs.numbers(row)})
