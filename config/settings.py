"""Django settings, one file; every switch is read through config.env."""

from __future__ import annotations

from typing import Any

import environ

from config import env
from config.logging import logging_dict
from config.queue import Q_CLUSTER as Q_CLUSTER
from projects import faults

BASE_DIR = env.BASE_DIR
DEBUG = env.DEBUG
SECRET_KEY = env.SECRET_KEY
ALLOWED_HOSTS = env.ALLOWED_HOSTS
CSRF_TRUSTED_ORIGINS = env.CSRF_TRUSTED_ORIGINS

INSTALLED_APPS = [
    "projects.apps.ProjectsConfig",
    "gitops.apps.GitopsConfig",
    "federation.apps.FederationConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_q",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]


def _database() -> dict[str, Any]:
    """One database by URL. SQLite gets WAL and immediate transactions: a read that becomes a write
    never fails.
    """
    database: dict[str, Any] = environ.Env.db_url_config(env.DATABASE_URL)
    if database["ENGINE"].endswith("sqlite3"):
        database["OPTIONS"] = {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": (
                "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA busy_timeout=20000;"
            ),
        }
    # django-q2 closes old connections around every queue operation; without this each one is a new
    # connection.
    database["CONN_MAX_AGE"] = 600
    return database


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = env.DATA_DIR / "static"

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG and not env.ALLOW_HTTP
SESSION_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "projects.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "PAGE_SIZE": 100,
    "EXCEPTION_HANDLER": "projects.api.errors.handle",
}

LOGGING = logging_dict(env.LOG_LEVEL)

# What the packages read; they know django.conf.settings and never the environment.
SLIPWAY: dict[str, Any] = {
    "ENCRYPTION_KEYS": env.ENCRYPTION_KEYS,
    "DATA_DIR": env.DATA_DIR,
    "ALLOW_HTTP": env.ALLOW_HTTP,
    "ALLOW_PRIVATE_ADDRESSES": env.ALLOW_PRIVATE_ADDRESSES,
    "WORKER_GROUP": env.WORKER_GROUP,
    "SUPERVISOR_PID": env.SUPERVISOR_PID,
    "WORKERS": env.WORKERS,
    "CLUSTER_CONCURRENCY": env.CLUSTER_CONCURRENCY,
    "TICK_SECONDS": env.TICK_SECONDS,
    "SILENCE_SECONDS": env.SILENCE_SECONDS,
    "LEASE_SECONDS": env.LEASE_SECONDS,
    "APPLY_SECONDS": env.APPLY_SECONDS,
    "FETCH_SECONDS": env.FETCH_SECONDS,
    "RENDER_SECONDS": env.RENDER_SECONDS,
    "RETRY_BASE_SECONDS": env.RETRY_BASE_SECONDS,
    "ENV_FILE": env.ENV_FILE,
}

faults.arm(env.CRASH_FILE)
