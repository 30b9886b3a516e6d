"""Logs tell what happened and keep secrets."""

from allcore.logs import bound_trace, redact, trace_id
from allcore.redaction import HIDDEN


def test_secrets_are_hidden_at_any_depth() -> None:
    event = {
        "event": "request",
        "password": "p",
        "headers": {"Authorization": "Bearer x", "Accept": "*/*"},
        "items": [{"api_key": "k"}],
        "csrf_token": "t",
    }

    assert redact(None, "info", event) == {
        "event": "request",
        "password": HIDDEN,
        "headers": {"Authorization": HIDDEN, "Accept": "*/*"},
        "items": [{"api_key": HIDDEN}],
        "csrf_token": HIDDEN,
    }


def test_a_trace_covers_what_is_inside_and_no_more() -> None:
    with bound_trace("outer-trace") as outer:
        with bound_trace("inner-trace"):
            assert trace_id() == "inner-trace"
        assert trace_id() == outer == "outer-trace"

    assert trace_id() == ""


def test_an_empty_trace_becomes_a_fresh_one() -> None:
    with bound_trace("") as trace:
        assert len(trace) == 32
