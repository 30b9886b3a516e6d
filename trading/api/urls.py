"""Addresses under /api/v1/."""

from django.urls import path

from trading.api import books, kill, orders, preview, proposals

urlpatterns = [
    path("accounts/", books.Accounts.as_view()),
    path("accounts/<slug:code>/", books.OneAccount.as_view()),
    path("proposals/", proposals.Proposals.as_view()),
    path("proposals/<uuid:proposal_id>/", proposals.OneProposal.as_view()),
    path("proposals/<uuid:proposal_id>/approval/", proposals.Approval.as_view()),
    path("proposals/<uuid:proposal_id>/rejection/", proposals.Rejection.as_view()),
    path("proposals/<uuid:proposal_id>/hold/", proposals.Hold.as_view()),
    path("proposals/<uuid:proposal_id>/change/", proposals.Change.as_view()),
    path("orders/", orders.Orders.as_view()),
    path("orders/preview/", preview.OrderPreview.as_view()),
    path("structures/", preview.StructureAnalysis.as_view()),
    path("orders/<uuid:order_id>/", orders.OneOrder.as_view()),
    path("orders/<uuid:order_id>/cancel/", orders.OrderCancel.as_view()),
    path("orders/<uuid:order_id>/replace/", orders.OrderReplace.as_view()),
    path("executions/", orders.Executions.as_view()),
    path("positions/", books.Positions.as_view()),
    path("pnl/", books.Pnl.as_view()),
    path("kill-switch/", kill.KillSwitch.as_view(), name="kill-switch"),
    path("mandates/", books.Mandates.as_view()),
]
