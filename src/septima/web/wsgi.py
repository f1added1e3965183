"""The site as a WSGI application: tracked links first, which do not need it, then Django."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "septima.web.settings")
site = get_wsgi_application()

from septima.web.tracking.following import before  # noqa: E402 - models can be read once Django is set up

application = before(site)
