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
    ("algos", "Algos", "activity"),
    ("positions", "Positions", "wallet"),
    ("tickets", "Ticket", "edit"),
    ("chains", "Chain", "grid-dots"),
    ("risk", "Risk", "scale"),
    ("breaks", "Breaks", "file-search"),
    ("strategy", "Strategy", "calendar-week"),
    ("brokers", "Brokers", "bolt"),
    ("audit", "Audit", "book"),
)
WITHIN = {"positions": "/stories/"}  # pages that are part of another


def desk(request: HttpRequest) -> dict[str, object]:
    """Return what the page's frame needs; what is asked of the database is asked only by a page that has the frame."""
    return {
        "trading_mode": settings.TRADING_MODE,
        "navigation": _navigation(request),
        "desk_page": _page(request),
    }


def _navigation(request: HttpRequest) -> list[dict[str, object]]:
    places = [(reverse(name), text, icon, WITHIN.get(name, "")) for name, text, icon in PAGES]
    return [
        {"url": url, "name": text, "icon": icon, "is_here": _is_here(request.path, url, within)}
        for url, text, icon, within in places
    ]


def _is_here(path: str, url: str, within: str) -> bool:
    return path == url if url == "/" else path.startswith((url, within) if within else url)


def _socket_url(request: HttpRequest) -> str:
    """Return where the sockets are: at the name the page was reached by, so that the session's cookie goes along."""
    if not settings.SOCKET_PORT:
        return settings.SOCKET_URL
    host = request.get_host().rsplit(":", 1)[0] if not request.get_host().endswith("]") else request.get_host()
    return f"{'wss' if request.is_secure() else 'ws'}://{host}:{settings.SOCKET_PORT}"


def _page(request: HttpRequest) -> Callable[[], dict[str, object]]:
    def page() -> dict[str, object]:
        user = request.user
        seen = visible_accounts(user) if isinstance(user, User) else ()
        return {
            "user": user.get_username(),
            "socket_url": _socket_url(request),
            "actions": sorted(actions_of(user)) if isinstance(user, User) else [],  # on the desk as a whole
            "accounts": [
                {
                    "code": account.code,
                    "name": account.name,
                    "tier": account.tier,
                    "actions": sorted(actions_of(user, account)),
                }
                for account in seen
                if isinstance(user, User)
            ],
        }

    return page
