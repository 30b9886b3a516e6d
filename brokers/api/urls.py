"""Addresses under /api/v1/."""

from django.urls import path

from brokers.api.connections import Connections

urlpatterns = [
    path("connections/", Connections.as_view()),
]
