"""A trigger is executable, and fair to the change."""

from __future__ import annotations

from releasedesk.rollbacks.triggers import met

TRIGGERS = [
    {"metric": "response_ms_p95", "above": 230, "for_minutes": 5},
    {"metric": "cache_hit_rate", "below": 0.2},
]


def test_what_is_past_its_bound_is_said() -> None:
    assert met(TRIGGERS, {"response_ms_p95": 249.0, "cache_hit_rate": 0.3}) == [
        "p95 is 249 ms, the plan says to go back above 230 ms."
    ]


def test_what_was_past_it_already_is_said_too() -> None:
    (found,) = met(TRIGGERS, {"response_ms_p95": 249.0}, {"response_ms_p95": 240.0, "cache_hit_rate": 0.1})
    assert found.endswith("above 230 ms; it was already past that before the change, at 240 ms.")


def test_what_was_within_it_before_needs_no_word() -> None:
    (found,) = met(TRIGGERS, {"cache_hit_rate": 0.1}, {"cache_hit_rate": 0.2})
    assert found == "cache hits is 10 %, the plan says to go back below 20 %."
