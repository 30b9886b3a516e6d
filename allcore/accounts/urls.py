"""Addresses under /api/v1/."""

from django.urls import path

from allcore.accounts import api

urlpatterns = [
    path("me/", api.Me.as_view(), name="me"),
    path("tokens/", api.Tokens.as_view(), name="tokens"),
    path("tokens/<row:token_id>/", api.TokenItem.as_view(), name="token"),
]
