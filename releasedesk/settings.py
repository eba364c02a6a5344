"""One settings file, read from the environment. Importing it starts nothing."""

from pathlib import Path

from releasedesk.operations import embedded, log
from releasedesk.operations.environment import Environment, WrongEnvironmentError, kept_secret

ROOT = Path(__file__).resolve().parent.parent
env = Environment()

# -- which desk this is --------------------------------------------------------------------------------------
RELEASEDESK_ENV = env.choice("RELEASEDESK_ENV", ["development", "production"])
PRODUCTION = RELEASEDESK_ENV == "production"
if PRODUCTION:
    env.require(["SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL"], "ReleaseDesk cannot start in production")
DEBUG = env.flag("DEBUG", default=False)
if DEBUG and PRODUCTION:
    raise WrongEnvironmentError("DEBUG shows secrets in error pages and must be off in production.")

DESK_HOME = Path(env.text("DESK_HOME", str(ROOT / "var"))).resolve()
HOST = env.text("HOST", "127.0.0.1")
PORT = env.whole("PORT", 8000)
SECRET_KEY = env.text("SECRET_KEY") or kept_secret(DESK_HOME / "secret-key")
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = env.words(
    "ALLOWED_HOSTS",
    ["*"] if HOST in {"0.0.0.0", "::"} else [".localhost", "127.0.0.1", "[::1]", HOST],  # noqa: S104
)

# -- database ------------------------------------------------------------------------------------------------
_named = env.database("DATABASE_URL")
EMBEDDED_DATABASE = _named is None
_address = _named or embedded.address(DESK_HOME)
# A pooler in transaction mode may answer two statements of one client by two servers.
_pooled = env.flag("DATABASE_BEHIND_POOLER", default=False)
DATABASES = {
    "default": {
        **_address,
        "DISABLE_SERVER_SIDE_CURSORS": _pooled,
        # Each thread keeps its connection, and looks whether it lives (operations/database).
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            # For operations/statements.py; what Django itself asks is never prepared.
            "prepare_threshold": None if _pooled else 1,
            "connect_timeout": 5,
            **_address.get("OPTIONS", {}),
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- the rooms of the house, then what they stand on ---------------------------------------------------------
INSTALLED_APPS = [
    "releasedesk.accounts",
    "releasedesk.catalog",
    "releasedesk.deliveries",
    "releasedesk.releases",
    "releasedesk.checklists",
    "releasedesk.measurements",
    "releasedesk.rollbacks",
    "releasedesk.notes",
    "releasedesk.operations",
    "releasedesk.jobs",
    "releasedesk.web",
    "releasedesk.api",
    "releasedesk.console",
    "django.contrib.admin.apps.SimpleAdminConfig",  # web/admin registers its own site
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "procrastinate.contrib.django",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "pgtrigger",
    "pghistory",
    "axes",
    "django_htmx",
    "template_partials.apps.SimpleAppConfig",
]
AUTH_USER_MODEL = "accounts.User"
LOGGING = log.configure(env.choice("LOG_LEVEL", ["INFO", "DEBUG", "WARNING", "ERROR"]))
ROOT_URLCONF = "releasedesk.urls"
RELEASEDESK_PROBE_LINE = False  # the request line takes the probe's numbers in
WSGI_APPLICATION = "releasedesk.wsgi.application"
MIDDLEWARE = [
    "releasedesk.operations.request_line.RequestLine",
    "releasedesk.probe.django.Probe",
    "releasedesk.operations.content_security.ContentSecurityPolicy",
    "django.middleware.security.SecurityMiddleware",
    "releasedesk.operations.probes.Probes",
    "releasedesk.api.straight.Straight",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "releasedesk.web.errors.ProblemPages",
]

# -- pages ---------------------------------------------------------------------------------------------------
_loaders = ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"]
_cached = _loaders if DEBUG else [("django.template.loaders.cached.Loader", _loaders)]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "OPTIONS": {
            "loaders": [("template_partials.loader.Loader", _cached)],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
STATIC_URL = "/static/"
STATICFILES_DIRS = [ROOT / "static"]
STATIC_ROOT = ROOT / "staticfiles" if PRODUCTION else None  # elsewhere WhiteNoise finds them where they lie
_static = "whitenoise.storage.CompressedManifestStaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": _static if PRODUCTION else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
LANGUAGE_CODE = "en"
USE_I18N = False
TIME_ZONE = "UTC"
USE_TZ = True

# -- signing in ----------------------------------------------------------------------------------------------
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/accounts/login/"
CSRF_FAILURE_VIEW = "releasedesk.web.errors.csrf_failure"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
_validators = ["UserAttributeSimilarity", "MinimumLength", "CommonPassword", "NumericPassword"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}Validator"} for name in _validators
]
AXES_FAILURE_LIMIT = env.whole("LOGIN_FAILURES", 10)
AXES_COOLOFF_TIME = 0.25  # hours
# The pair: one attacker cannot lock a person out of their own desk, nor an office behind one address.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
SESSION_COOKIE_AGE = 14 * 24 * 60 * 60
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")

# -- the way in from outside ---------------------------------------------------------------------------------
BEHIND_PROXY = env.flag("BEHIND_PROXY", default=PRODUCTION)
SECURE_REDIRECT_EXEMPT = ["^health$", "^ready$", "^metrics$"]  # asked by address, inside
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
AXES_CLIENT_IP_CALLABLE = "releasedesk.operations.address.address_of"
HTTPS = env.flag("HTTPS", default=PRODUCTION)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^(health|ready|metrics)$"]  # asked by the machine next door, without TLS
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Preloading is a promise about the whole domain, which is not ours to make.
SILENCED_SYSTEM_CHECKS = ["security.W021"]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "releasedesk.api.authentication.Bearer",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "EXCEPTION_HANDLER": "releasedesk.api.errors.handle",
    "DEFAULT_SCHEMA_CLASS": "releasedesk.api.schema.describe.DeskSchema",
    "URL_FORMAT_OVERRIDE": None,
    "NUM_PROXIES": 1 if BEHIND_PROXY else 0,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "ReleaseDesk",
    "DESCRIPTION": "What was before, the one change, whether it came true, and how to go back.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "POSTPROCESSING_HOOKS": ["releasedesk.api.schema.document.complete"],
    "ENABLE_DJANGO_DEPLOY_CHECK": False,  # our own tests hold the document against the desk
}

# -- limits and switches of the desk -------------------------------------------------------------------------
REGISTER_UNKNOWN_SERVICES = env.flag("REGISTER_UNKNOWN_SERVICES", default=True)
ONE_CHANGE_COMMITS = env.whole("ONE_CHANGE_COMMITS", 10)
REHEARSAL_MAX_AGE_DAYS = env.whole("REHEARSAL_MAX_AGE_DAYS", 14)
CLOCK_SKEW_SECONDS = env.whole("CLOCK_SKEW_SECONDS", 300)
LIMIT_EVENT_BYTES = env.whole("LIMIT_EVENT_BYTES", 1_000_000)
LIMIT_BATCH_BYTES = env.whole("LIMIT_BATCH_BYTES", 8_000_000)
LIMIT_SNAPSHOT_BYTES = env.whole("LIMIT_SNAPSHOT_BYTES", 8_000_000)
LIMIT_BODY_BYTES = env.whole("LIMIT_BODY_BYTES", 2_000_000)
LIMIT_HOOK_BYTES = env.whole("LIMIT_HOOK_BYTES", 25_000_000)
LIMIT_DISCARD_BYTES = env.whole("LIMIT_DISCARD_BYTES", 32_000_000)
# Django's own limit stands behind ours: the largest body any door of ours lets in.
DATA_UPLOAD_MAX_MEMORY_SIZE = max(
    LIMIT_EVENT_BYTES, LIMIT_BATCH_BYTES, LIMIT_SNAPSHOT_BYTES, LIMIT_BODY_BYTES, LIMIT_HOOK_BYTES
)
FORMER_SECRET_DAYS = env.whole("FORMER_SECRET_DAYS", 7)
RETENTION_BODIES_DAYS = env.whole("RETENTION_BODIES_DAYS", 30)
RETENTION_UNMATCHED_DAYS = env.whole("RETENTION_UNMATCHED_DAYS", 90)
FILE_UPLOAD_HANDLERS = [
    "releasedesk.web.uploads.Quota",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
THROTTLE_TOKEN_PER_MINUTE = env.whole("THROTTLE_TOKEN_PER_MINUTE", 60_000)
THROTTLE_FAILED_AUTH_PER_MINUTE = env.whole("THROTTLE_FAILED_AUTH_PER_MINUTE", 30)
METRICS_ALLOWED = env.networks("METRICS_ALLOWED", ["127.0.0.0/8", "::1/128"])
DESK_URL = env.text("DESK_URL", f"http://{HOST}:{PORT}").rstrip("/")
OUTGOING_ALLOWED = env.allowed("OUTGOING_ALLOWED")
WORKER_SEEN_SECONDS = env.whole("WORKER_SEEN_SECONDS", 60)
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""
PROCRASTINATE_IMPORT_PATHS = ["releasedesk.jobs.schedule"]
