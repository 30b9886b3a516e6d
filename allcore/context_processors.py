"""What every page shows."""

from django.conf import settings
from django.http import HttpRequest


def desk(request: HttpRequest) -> dict[str, object]:
    """Return what the page's frame needs."""
    return {"trading_mode": settings.TRADING_MODE, "socket_url": settings.SOCKET_URL}
