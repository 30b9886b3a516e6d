"""Every address of the desk."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from allcore import health

API = ("marketdata.api.urls", "risk.api.urls", "trading.api.urls", "allcore.accounts.urls")

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # one way in: with TOTP and throttle

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include([path("", include(part)) for part in API])),
    path("api/v1/health/", health.Health.as_view(), name="api-health"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(), name="docs"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("", include("allcore.health_urls")),
    path("", include("trading.web.urls")),
]

handler400 = "allcore.api.pages.bad_request"
handler403 = "allcore.api.pages.permission_denied"
handler404 = "allcore.api.pages.not_found"
handler500 = "allcore.api.pages.server_error"
