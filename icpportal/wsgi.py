"""The WSGI application. A server that would run with missing secrets or a broken setting does not start."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "icpportal.settings")
application = get_wsgi_application()

from icpportal import checks  # noqa: E402  (needs the settings to be loaded)

checks.refuse_start_on_errors()
