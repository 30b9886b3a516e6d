"""Addresses under /api/v1/."""

from django.urls import path

from risk.api import kill, limits

urlpatterns = [
    path("limits/", limits.Limits.as_view(), name="limits"),
    path("limits/<int:limit_id>/", limits.OneLimit.as_view(), name="limit"),
    path("limits/changes/", limits.Changes.as_view(), name="limit-changes"),
    path("limits/changes/<int:change_id>/decision/", limits.Decision.as_view(), name="limit-decision"),
    path("kill-switch/release/", kill.Release.as_view(), name="kill-release"),
    path("kill-switch/release/<int:release_id>/confirmation/", kill.Confirmation.as_view(), name="kill-confirmation"),
]
