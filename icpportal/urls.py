"""Where everything is mounted."""

from django.contrib import admin
from django.urls import include, path, re_path

from codes.api import urls as of_codes
from icpportal.api import urls as of_api
from icpportal.api import views
from servers.api import urls as of_servers

API = [*of_codes.urlpatterns, *of_servers.urlpatterns, *of_api.urlpatterns]
urlpatterns = [
    path("api/v1/", include((API, "api"))),
    re_path("^api/", views.unknown),
    path("admin/", admin.site.urls),
    path("", include("icpportal.sign_in.urls")),
    path("", include("codes.notices.urls")),
    path("", include("codes.urls")),
]

handler500 = "icpportal.errors.server_error"
