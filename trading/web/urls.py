"""The addresses of the pages."""

from django.urls import path

from trading.web import algos, brokers, stories, views

urlpatterns = [
    path("", views.desk, name="desk"),
    path("orders/", views.orders, name="orders"),
    path("orders/<uuid:order_id>/", views.order, name="order"),
    path("algos/", algos.algos, name="algos"),
    path("algos/new/", algos.algo_new, name="algo_new"),
    path("algos/<uuid:run_id>/", algos.algo, name="algo"),
    path("positions/", views.positions, name="positions"),
    path("chain/", views.chains, name="chains"),
    path("chain/<str:underlying>/", views.chain, name="chain"),
    path("ticket/", views.tickets, name="tickets"),
    path("ticket/<str:underlying>/", views.ticket, name="ticket"),
    path("stories/", stories.stories, name="stories"),
    path("stories/of/", stories.position, name="position_story"),
    path("stories/<uuid:order_id>/", stories.story, name="story"),
    path("risk/", views.risk, name="risk"),
    path("breaks/", views.breaks, name="breaks"),
    path("strategy/", views.strategy, name="strategy"),
    path("brokers/", brokers.brokers, name="brokers"),
    path("brokers/<slug:name>/callback/", brokers.callback, name="broker_callback"),
    path("audit/", views.audit, name="audit"),
    path("audit/verification/", views.audit_verification, name="audit_verification"),
]
