"""What every page shows."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from allcore.accounts.models import User
from risk.selectors.permissions import actions_of, visible_accounts

PAGES = (
    ("desk", "Desk", "layout-dashboard"),
    ("orders", "Orders", "list-details"),
    ("positions", "Positions", "wallet"),
    ("chains", "Chain", "grid-dots"),
    ("risk", "Risk", "scale"),
    ("strategy", "Strategy", "calendar-week"),
    ("audit", "Audit", "book"),
)


def desk(request: HttpRequest) -> dict[str, object]:
    """Return what the page's frame needs; what is asked of the database is asked only by a page that has the frame."""
    return {
        "trading_mode": settings.TRADING_MODE,
        "navigation": _navigation(request),
        "desk_page": _page(request),
    }


def _navigation(request: HttpRequest) -> list[dict[str, object]]:
    places = [(reverse(name), text, icon) for name, text, icon in PAGES]
    return [
        {"url": url, "name": text, "icon": icon, "is_here": _is_here(request.path, url)} for url, text, icon in places
    ]


def _is_here(path: str, url: str) -> bool:
    return path == url if url == "/" else path.startswith(url)


def _page(request: HttpRequest) -> Callable[[], dict[str, object]]:
    def page() -> dict[str, object]:
        user = request.user
        accounts = visible_accounts(user).order_by("position_order", "code") if isinstance(user, User) else []
        return {
            "user": user.get_username(),
            "socket_url": settings.SOCKET_URL,
            "accounts": [
                {
                    "code": account.code,
                    "name": account.name,
                    "tier": account.tier,
                    "actions": sorted(action.name for action in actions_of(user, account)),
                }
                for account in accounts
            ],
        }

    return page
