"""The addresses of the sockets."""

from channels.routing import URLRouter
from django.urls import path

from trading.consumers.desk import DeskConsumer

application = URLRouter([path("ws/desk/", DeskConsumer.as_asgi())])  # type: ignore[list-item, arg-type]  # stubs of views
