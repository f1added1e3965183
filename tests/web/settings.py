"""The site's settings in tests: a folder of their own, style sheets as they lie, passwords hashed quickly, tasks done at once."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

os.environ["SEPTIMA_SITE"] = tempfile.mkdtemp(prefix="septima-site-")

from septima.web.settings import *  # noqa: F403
from septima.web.settings import CACHES as KEPT
from septima.web.settings import DATABASES, STORAGES

atexit.register(shutil.rmtree, os.environ["SEPTIMA_SITE"], ignore_errors=True)
# Django makes its test database in memory for SQLite, which threads of a live server cannot share safely.
DATABASES["default"]["TEST"] = (
    {"NAME": str(Path(os.environ["SEPTIMA_SITE"]) / "test.sqlite3")}
    if "sqlite3" in DATABASES["default"]["ENGINE"]
    else {}
)
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
PASSWORD_HASHERS = ["tests.web.hashers.QuickArgon2"]
TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CACHES = {
    "default": {**KEPT["default"], "BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "pages": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "pages", "TIMEOUT": None},
}
