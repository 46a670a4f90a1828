"""Mounted at the root, with the names that Django's own views look for."""

from __future__ import annotations

from django.contrib.auth import views as auth
from django.urls import path

from icpportal.sign_in import second_step, views

urlpatterns = [
    path("i18n/setlang/", views.choose_language, name="set_language"),
    path("login/", views.SignIn.as_view(), name="login"),
    path("login/code/", second_step.second_step, name="one_time_code"),
    path("login/set-up/", second_step.set_up_at_sign_in, name="one_time_codes_set_up"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("password/", views.PasswordChange.as_view(), name="password_change"),
    path("password/done/", auth.PasswordChangeDoneView.as_view(), name="password_change_done"),
    path("password/reset/", views.PasswordReset.as_view(), name="password_reset"),
    path("password/reset/sent/", auth.PasswordResetDoneView.as_view(), name="password_reset_done"),
    path("password/reset/done/", auth.PasswordResetCompleteView.as_view(), name="password_reset_complete"),
    path("password/reset/<uidb64>/<token>/", views.PasswordResetConfirm.as_view(), name="password_reset_confirm"),
    path("sign-ins/", views.my_sign_ins, name="sign_ins"),
]
