"""The addresses of those who watch the processes: each process that serves HTTP has them."""

from django.urls import path

from allcore import health, scrape

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", scrape.metrics, name="metrics"),
]

handler400 = health.plain(400, "The request is malformed.")
handler403 = health.plain(403, "This is not yours to do.")
handler404 = health.plain(404, "There is no page here: the web process has them.")
handler500 = health.plain(500, "The process failed; its log says why.")
