"""The socket process's entry. Pages and REST are served by `allcore.wsgi`; this one answers sockets and its health."""

import os
from typing import Any

from allcore import memory

memory.begin()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "allcore.settings")

import django  # noqa: E402 see above

django.setup(set_prefix=False)  # sets the apps up, which the imports below need

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.core.handlers.asgi import ASGIHandler  # noqa: E402

from trading import routing  # noqa: E402


class HealthHandler(ASGIHandler):
    """Answers for the process's health alone: the pages' code is not loaded to say 404."""

    def create_request(self, scope: Any, body_file: Any) -> Any:
        """Return the request, to be looked up among the addresses of health, or the answer that refuses it."""
        request, refusal = super().create_request(scope, body_file)
        if request is not None:
            request.urlconf = "allcore.health_urls"
        return request, refusal


application = ProtocolTypeRouter(
    {
        "http": HealthHandler(),
        "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(routing.application)),
    }
)
memory.settle()
