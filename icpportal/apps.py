"""The admin as the agents' desk: the same app with our own site."""

from django.contrib.admin.apps import AdminConfig


class DeskConfig(AdminConfig):
    default_site = "codes.desk.DeskSite"
