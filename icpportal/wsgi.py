"""The WSGI application. A server that would run with missing secrets or a broken setting does not start.

All code is loaded with it, the addresses', templates and catalogues too: processes that are forked later share it,
and are of this release whatever lies on the disk by then.
"""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "icpportal.settings")
django.setup(set_prefix=False)

from icpportal import checks, urls  # noqa: E402, F401  (these need the settings to be loaded)
from icpportal.application import Application  # noqa: E402
from icpportal.loading import load_texts  # noqa: E402

application = Application()
checks.refuse_start_on_errors()
load_texts()
