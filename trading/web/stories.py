"""The pages of positions' stories."""

from typing import cast
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from allcore.accounts.models import User
from allcore.kernel.errors import NotFoundError
from trading.selectors import stories as rows
from trading.web.forms import PageForm, PositionForm


@login_required
@require_GET
def stories(request: HttpRequest) -> HttpResponse:
    """List the stories."""
    asked = PageForm(request.GET)
    if not asked.is_valid():
        raise Http404("Pages are counted from 1.")
    found = rows.listed(cast("User", request.user), page=asked.cleaned_data["page"] or 1)
    return render(request, "trading/stories.html", {"stories": found.rows, "page": found})


@login_required
@require_GET
def position(request: HttpRequest) -> HttpResponse:
    """Lead from a position to its latest story."""
    asked = PositionForm(request.GET)
    if not asked.is_valid():
        raise Http404("A story is found by an account and a symbol.")
    try:
        found = rows.story_id_of(cast("User", request.user), **asked.cleaned_data)
    except NotFoundError as error:
        raise Http404(error.message) from error
    return redirect("stories") if found is None else redirect("story", found)


@login_required
@require_GET
def story(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Show the story that an order belongs to."""
    try:
        found = rows.story_of(cast("User", request.user), order_id)
    except NotFoundError as error:
        raise Http404(error.message) from error
    return render(request, "trading/story.html", {"story": found})
