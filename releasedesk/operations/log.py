"""Every log line is one JSON object on standard error, whether structlog's or the standard library's."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

import structlog

# What all lines of one request have in common. structlog's own way looks through every variable of the
# context, several times a request.
request_id: ContextVar[str] = ContextVar("request_id", default="")
actor: ContextVar[str] = ContextVar("actor", default="")


def add_request(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Add to a line which request it belongs to, and who acts."""
    for variable in (request_id, actor):
        if said := variable.get():
            event.setdefault(variable.name, said)
    return event


BEFORE: list[structlog.typing.Processor] = [
    add_request,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
]


def configure(level: str) -> dict[str, Any]:
    """Set structlog up and return Django's `LOGGING`. `level` is the least level that is written."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *BEFORE,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": _formatter}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "releasedesk": {"level": level},
            "django": {"level": "WARNING"},
            # Its warning for every 4xx only repeats the request line.
            "django.request": {"level": "ERROR"},
        },
    }


def _formatter() -> structlog.stdlib.ProcessorFormatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=BEFORE,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
    )
