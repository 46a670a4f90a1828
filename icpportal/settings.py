"""Settings, all of them from the environment; the README lists the names. Malformed values stop the start."""

import sys
from datetime import timedelta
from pathlib import Path

from icpportal import databases, env, mailing

BASE_DIR = Path(__file__).resolve().parent.parent
TESTING = "pytest" in sys.modules

DEBUG = env.text("DEBUG").lower() in {"1", "true"}

# Secrets. Without DEBUG a missing one stays empty, which icpportal.checks refuses before anything is served.
INSECURE_SECRET_KEY = "insecure-key-for-development-and-tests-only-never-for-production"
INSECURE_CODE_KEY = "aW5zZWN1cmUtZGV2ZWxvcG1lbnQtY29kZS1rZXktMDE="  # 32 bytes, not secret
_INSECURE = DEBUG or TESTING
AUDIT_KEYS = env.words("AUDIT_KEYS")  # of the chain of events; newest first; none: SECRET_KEY
SECRET_KEY = env.text("SECRET_KEY", INSECURE_SECRET_KEY if _INSECURE else "")
CODE_KEYS = env.words("CODE_KEYS") or ([INSECURE_CODE_KEY] if _INSECURE else [])

# Policy
CODES_PER_SERVER = env.number("CODES_PER_SERVER", default=5)
MIN_PREPAID_MONTHS = env.number("MIN_PREPAID_MONTHS", default=3)
ELASTIC_IP_ALLOWED = env.flag("ELASTIC_IP_ALLOWED", default=False)

# What is served, to whom how often, and who is called
DEMO = env.flag("DEMO", default=False)
THROTTLE_RATES = env.rates("THROTTLE_RATES", default={"calls": 6000, "unknown_codes": 60})
FEED_LATE_AFTER = env.number("FEED_LATE_AFTER", default=0)  # minutes without new facts of an account; 0: never late
TENCENTCLOUD_ENDPOINT = env.address("TENCENTCLOUD_ENDPOINT", default="")  # a proxy for all calls to the provider
WEBHOOK_ALLOW_PRIVATE = env.flag("WEBHOOK_ALLOW_PRIVATE", default=False)  # http and private addresses too

# Who reaches us, and how
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
TRUSTED_PROXY = env.number("TRUSTED_PROXY", default=0)  # proxies in front whose X-Forwarded-* headers hold
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY else None
SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", default=not (DEBUG or TESTING))
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_SSL_REDIRECT else 0  # one year
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_SSL_REDIRECT
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
_COOKIES = "__Host-" if SECURE_SSL_REDIRECT else ""  # browsers take these from this host alone, and over TLS
SESSION_COOKIE_NAME = f"{_COOKIES}sessionid"
CSRF_COOKIE_NAME = f"{_COOKIES}csrftoken"
LANGUAGE_COOKIE_NAME = f"{_COOKIES}django_language"
MESSAGES_COOKIE_NAME = f"{_COOKIES}messages"
MESSAGE_STORAGE = "icpportal.said.Said"
SESSION_COOKIE_SECURE = SECURE_SSL_REDIRECT
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "icpportal.errors.csrf_failure"
LANGUAGE_COOKIE_SECURE = SECURE_SSL_REDIRECT
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
DATA_UPLOAD_MAX_MEMORY_SIZE = 17 * 1024 * 1024  # bytes; the API has lower limits of its own

INSTALLED_APPS = [
    "icpportal.apps.DeskConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "axes",
    "icpportal.api",
    "icpportal.sign_in",
    "servers",
    "codes",
    "codes.webhooks",
    "codes.notices",
]
MIDDLEWARE = [
    "icpportal.middleware.RequestIdMiddleware",
    "icpportal.middleware.SecurityHeadersMiddleware",
    "icpportal.api.middleware.ApiMiddleware",  # takes calls of the API elsewhere; what follows is for pages
    "icpportal.middleware.PageVerbsMiddleware",
    "icpportal.middleware.PlansMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "icpportal.static_files.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "icpportal.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "icpportal.sign_in.people.PeopleMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
API_MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"]
ROOT_URLCONF = "icpportal.urls"
WSGI_APPLICATION = "icpportal.wsgi.application"
SILENCED_SYSTEM_CHECKS = ["models.W040"]  # SQLite leaves out what an index holds besides, and does without
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "codes.views.access.current_account",
            ],
        },
    },
]

DATABASES = {
    "default": databases.from_url(
        env.text("DATABASE_URL"),
        embedded=BASE_DIR / "var" / "db.sqlite3",
        conn_max_age=env.number("CONN_MAX_AGE", default=600),  # seconds
        prepares=env.flag("PREPARE_STATEMENTS", default=True),
    )
}

# Mail
SITE_URL = env.address("SITE_URL", default="http://127.0.0.1:8000" if DEBUG or DEMO else "")
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("EMAIL_FROM", "ICP codes <noreply@localhost>")
globals().update(mailing.from_url(env.text("EMAIL_URL"), local=DEBUG or DEMO))

# Sign-in
LOGIN_URL = "login"
SESSION_ENGINE = "icpportal.sign_in.store"
STAFF_ONE_TIME_CODES = env.flag("STAFF_ONE_TIME_CODES", default=not (DEBUG or DEMO or TESTING))  # staff must have them
SESSION_COOKIE_AGE = 14 * 24 * 3600  # seconds from sign-in, however busy
SESSION_IDLE = timedelta(days=7)
STAFF_SESSION_AGE = timedelta(hours=12)
STAFF_SESSION_IDLE = timedelta(hours=1)
CONFIRMED_MINUTES = 10  # for which a password that was just given opens roles and tokens
REVEALS_BEFORE_CONFIRMING = env.number("REVEALS_BEFORE_CONFIRMING", default=10)  # codes an hour and person; 0: no limit
RESET_HOURS = 1  # how long a password reset mail holds
PASSWORD_RESET_TIMEOUT = RESET_HOURS * 3600  # seconds
AUTHENTICATION_BACKENDS = ["icpportal.sign_in.throttle.Counted", "icpportal.sign_in.people.PeopleBackend"]
AXES_HANDLER = "icpportal.sign_in.throttle.Throttle"
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]  # either; the throttle knows a limit for each
AXES_FAILURE_LIMIT = 10  # a name's
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_USERNAME_CALLABLE = "icpportal.sign_in.throttle.name_of"
AXES_CLIENT_IP_CALLABLE = "icpportal.sign_in.addresses.throttled_address"
AXES_LOCKOUT_CALLABLE = "icpportal.sign_in.throttle.locked_out"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "csrfmiddlewaretoken", "next", "code"]
AXES_DISABLE_ACCESS_LOG = True  # people see their sign-ins in their own list
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# The API's document; its endpoints do their own checks (icpportal/api/endpoint.py)
REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "icpportal.api.documentation.EndpointSchema",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "ICP filing authorization codes",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SORT_OPERATION_PARAMETERS": False,
    "ENUM_NAME_OVERRIDES": {
        "CodeState": "codes.choices.ShownState.values",
        "FilingState": "codes.choices.FilingState.values",
        "EventType": "codes.choices.EventType.values",
        "ServerState": "servers.choices.ServerState.values",
        "BillingMode": "servers.choices.BillingMode.values",
        "IPKind": "servers.choices.IPKind.values",
    },
    "APPEND_COMPONENTS": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
}

# Language and time: stored in UTC, shown in China's time
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "icpportal" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

# Static files are served by WhiteNoise straight from where they lie: no collectstatic.
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "icpportal" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True

# One line of JSON a record, to the console; nothing is e-mailed, no request body is logged.
LOG_LEVEL = env.choice("LOG_LEVEL", default="INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "icpportal.logs.LineFormatter"}},
    "filters": {"refusals": {"()": "icpportal.logs.Refusals"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["refusals"]}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": [], "level": LOG_LEVEL, "propagate": True},
        "axes": {"level": "WARNING"},  # it tells of every sign-in that succeeds
        "tencentcloud_sdk_common": {"level": "INFO"},  # below that it writes headers, which hold tokens
    },
}
