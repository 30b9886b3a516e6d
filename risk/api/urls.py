"""Addresses under /api/v1/."""

from django.urls import path

from risk.api import connections, kill, limits, names

urlpatterns = [
    path("connections/", connections.ConnectionList.as_view()),
    path("connections/<slug:name>/pause/", connections.Pause.as_view()),
    path("connections/<slug:name>/resume/", connections.Resume.as_view()),
    path("connections/<slug:name>/accounts/", connections.ConnectionAccounts.as_view()),
    path("connections/<slug:name>/credentials/", connections.Credentials.as_view()),
    path("connections/<slug:name>/authorisation/", connections.Authorisation.as_view()),
    path("brokers/", connections.Matrix.as_view()),
    path("limits/", limits.Limits.as_view(), name="limits"),
    path("limits/<row:limit_id>/", limits.OneLimit.as_view(), name="limit"),
    path("limits/changes/", limits.Changes.as_view(), name="limit-changes"),
    path("limits/changes/<row:change_id>/decision/", limits.Decision.as_view(), name="limit-decision"),
    path("name-rules/", names.NameRules.as_view(), name="name-rules"),
    path("name-rules/<row:rule_id>/confirmation/", names.NameRuleConfirmation.as_view(), name="name-rule-confirmation"),
    path("name-rules/<row:rule_id>/lift/", names.NameRuleLift.as_view(), name="name-rule-lift"),
    path("name-rules/<row:rule_id>/lift/decision/", names.NameRuleLiftDecision.as_view(), name="name-rule-decision"),
    path("strategy-holds/", names.StrategyHolds.as_view(), name="strategy-holds"),
    path("strategy-holds/<row:hold_id>/release/", names.StrategyHoldRelease.as_view(), name="strategy-hold-release"),
    path("kill-switch/release/", kill.Release.as_view(), name="kill-release"),
    path("kill-switch/release/<row:release_id>/confirmation/", kill.Confirmation.as_view(), name="kill-confirmation"),
]
