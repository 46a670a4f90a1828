"""Where everything is mounted."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", include("icpportal.api.urls")),
    path("", include("icpportal.sign_in.urls")),
    path("", include("codes.notices.urls")),
    path("", include("codes.urls")),
]

handler500 = "icpportal.errors.server_error"
