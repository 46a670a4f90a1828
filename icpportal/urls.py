"""Where everything is mounted."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path, reverse_lazy

from icpportal.sign_in import SignInForm

urlpatterns = [
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("api/", include("icpportal.api.urls")),
    path(
        "login/",
        auth.LoginView.as_view(
            authentication_form=SignInForm, next_page=reverse_lazy("codes:servers"), redirect_authenticated_user=True
        ),
        name="login",
    ),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("password/", auth.PasswordChangeView.as_view(), name="password_change"),
    path("password/done/", auth.PasswordChangeDoneView.as_view(), name="password_change_done"),
    path("", include("codes.urls")),
]

handler500 = "icpportal.errors.server_error"
