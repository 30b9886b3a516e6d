"""The socket process's entry. Pages and REST are served by `allcore.wsgi`; this one answers sockets and its health."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "allcore.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()  # sets the apps up, which the imports below need

from channels.auth import AuthMiddlewareStack  # noqa: E402 see above
from channels.routing import ProtocolTypeRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402

from allcore import memory  # noqa: E402
from trading import routing  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": django_application,
        "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(routing.application)),
    }
)
memory.settle()
