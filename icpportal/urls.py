"""Where everything is mounted."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("api/", include("icpportal.api.urls")),
    path("admin/", admin.site.urls),
    path("", include("icpportal.sign_in.urls")),
    path("", include("codes.notices.urls")),
    path("", include("codes.urls")),
]

handler500 = "icpportal.errors.server_error"
