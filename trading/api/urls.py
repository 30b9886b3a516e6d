"""Addresses under /api/v1/."""

from django.urls import path

from trading.api import algos, books, exercise, kill, order_lists, orders, preview, proposals, routing, stories

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
    path("order-lists/", order_lists.OrderLists.as_view()),
    path("order-lists/<uuid:list_id>/", order_lists.OneOrderList.as_view()),
    path("order-lists/<uuid:list_id>/cancel/", order_lists.OrderListCancel.as_view()),
    path("algos/", algos.Algos.as_view()),
    path("algos/<uuid:run_id>/", algos.OneAlgo.as_view()),
    path("algos/<uuid:run_id>/cancel/", algos.AlgoCancel.as_view()),
    path("algos/<uuid:run_id>/pause/", algos.AlgoPause.as_view()),
    path("algos/<uuid:run_id>/resume/", algos.AlgoResume.as_view()),
    path("route/", routing.Route.as_view()),
    path("route/orders/", routing.RoutedOrders.as_view()),
    path("executions/", orders.Executions.as_view()),
    path("positions/", books.Positions.as_view()),
    path("pnl/", books.Pnl.as_view()),
    path("stories/", stories.Stories.as_view()),
    path("stories/<uuid:order_id>/", stories.OneStory.as_view()),
    path("exercise-instructions/", exercise.ExerciseInstructions.as_view()),
    path("exercise-instructions/<uuid:instruction_id>/end/", exercise.InstructionEnd.as_view()),
    path("kill-switch/", kill.KillSwitch.as_view(), name="kill-switch"),
    path("mandates/", books.Mandates.as_view()),
]
