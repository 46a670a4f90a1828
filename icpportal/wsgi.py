"""The WSGI application. A server that would run with missing secrets or a broken setting does not start."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "icpportal.settings")
django.setup(set_prefix=False)

from icpportal import checks  # noqa: E402  (these need the settings to be loaded)
from icpportal.application import Application  # noqa: E402

application = Application()
checks.refuse_start_on_errors()
