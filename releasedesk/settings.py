"""One settings file, read from the environment. Importing it starts nothing."""

from pathlib import Path

import environ

ROOT = Path(__file__).resolve().parent.parent
env = environ.Env()

SECRET_KEY = env.str("SECRET_KEY", "development-only")
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
DATABASES = {"default": env.db("DATABASE_URL", "postgres:///releasedesk")}

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
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "procrastinate.contrib.django",
    "rest_framework",
    "pgtrigger",
    "pghistory",
    "django_htmx",
]
AUTH_USER_MODEL = "accounts.User"
ROOT_URLCONF = "releasedesk.urls"
TIME_ZONE = "UTC"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
