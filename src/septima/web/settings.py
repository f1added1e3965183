"""Settings of the site, read from the environment; `septima serve` sets them for a person.

`SEPTIMA_SITE` is the site's folder: database, secret key, uploads, kept pages. `SEPTIMA_DATABASE_URL` names a PostgreSQL
database instead of the folder's SQLite. `SEPTIMA_HOSTS` are the names by which the site is reached, divided by commas.
`SEPTIMA_HTTPS=1` says that a proxy before the site speaks HTTPS. `SEPTIMA_OPENID` is the path of a JSON file that lists
OpenID Connect providers as django-allauth takes them.
"""

import json
import os
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from septima.web.common.secret import secret_key

SITE_FOLDER = Path(os.environ.get("SEPTIMA_SITE", "site-data")).absolute()
HTTPS = os.environ.get("SEPTIMA_HTTPS") == "1"

DEBUG = os.environ.get("SEPTIMA_DEBUG") == "1"
SECRET_KEY = secret_key(SITE_FOLDER)
ALLOWED_HOSTS = os.environ.get("SEPTIMA_HOSTS", "127.0.0.1,localhost,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS] if HTTPS else []
ROOT_URLCONF = "septima.web.urls"
WSGI_APPLICATION = "septima.web.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "whitenoise.runserver_nostatic",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    "septima.web.common",
    "septima.web.accounts",
    "septima.web.work",
    "septima.web.scorecards",
    "septima.web.metrics",
    "septima.web.studies",
    "septima.web.actions",
    "septima.web.surveys",
    "septima.web.customers",
    "septima.web.editing",
    "septima.web.data",
    "septima.web.collect",
    "septima.web.tracking",
    "septima.web.schedule",
    "septima.web.api",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "septima.web.common.middleware.language_of_the_person",
    "septima.web.common.middleware.addresses_without_zero_bytes",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "septima.web.common.context.page",
            ],
            "builtins": ["septima.web.common.templatetags.septima"],
        },
    }
]


def _database(url: str | None) -> dict[str, Any]:
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": SITE_FOLDER / "site.sqlite3",
            # Opening and closing costs more than most questions, the more as the last to close writes the log back.
            "CONN_MAX_AGE": 60,
            # Writers queue for the lock at once instead of failing when a reader becomes one.
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
            },
        }
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ImproperlyConfigured(
            "SEPTIMA_DATABASE_URL must begin with postgresql://, such as postgresql://user:password@host/name"
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.removeprefix("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


DATABASES = {"default": _database(os.environ.get("SEPTIMA_DATABASE_URL"))}
# One kept for all processes of the site: rate limits count in it, pages and cards are kept in it.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "kept_counts",
        # Of three hundred, which is the library's, a stranger could crowd out the count of own wrong passwords.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
    "pages": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": SITE_FOLDER / "kept",
        "TIMEOUT": None,
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    },
}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # who is invited proves the address by opening the invitation
ACCOUNT_ADAPTER = "septima.web.accounts.adapters.AccountAdapter"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False
# A proxy before the site names whom it speaks for; else all people would share one limit of wrong passwords.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if HTTPS else 0
SOCIALACCOUNT_ADAPTER = "septima.web.accounts.adapters.SocialAccountAdapter"
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {}
if os.environ.get("SEPTIMA_OPENID"):
    SOCIALACCOUNT_PROVIDERS["openid_connect"] = json.loads(Path(os.environ["SEPTIMA_OPENID"]).read_text("utf-8"))
MFA_ADAPTER = "septima.web.accounts.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Septima"
MFA_ALLOW_UNVERIFIED_EMAIL = True

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ru", "Русский")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = SITE_FOLDER / "static"
STATICFILES_DIRS = [("septima/fonts", str(files("septima.report") / "fonts"))]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
MEDIA_ROOT = SITE_FOLDER / "uploads"

EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if os.environ.get("SEPTIMA_SMTP_HOST")
    else "django.core.mail.backends.filebased.EmailBackend"
)
EMAIL_FILE_PATH = SITE_FOLDER / "mail"
EMAIL_HOST = os.environ.get("SEPTIMA_SMTP_HOST", "")
EMAIL_PORT = int(os.environ.get("SEPTIMA_SMTP_PORT", "587"))
EMAIL_HOST_USER = os.environ.get("SEPTIMA_SMTP_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("SEPTIMA_SMTP_PASSWORD", "")
EMAIL_USE_TLS = os.environ.get("SEPTIMA_SMTP_TLS", "1") == "1"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = os.environ.get("SEPTIMA_MAIL_FROM", "septima@localhost")

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        # Drawings carry style attributes of their own.
        "style-src": [SELF, "'unsafe-inline'"],
        "img-src": [SELF, "data:", "blob:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2**20
FILE_UPLOAD_HANDLERS = [
    "septima.web.common.uploads.BoundedUpload",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"standard": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["standard"], "level": "INFO"},
    # A request's line would hold what people search for.
    "loggers": {"django.request": {"level": "ERROR"}, "django_tasks": {"level": "WARNING"}},
}
