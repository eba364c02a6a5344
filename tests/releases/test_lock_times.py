"""When a lock stops shipping, and what is said about all that do."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from releasedesk.releases.lock_times import FOR_EVER, Held, Term, standing
from releasedesk.releases.windows import Span, Weekly

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)  # a Friday
HOUR = timedelta(hours=1)
WEEKENDS = Weekly("UTC", (4,), time(16), time(8), 0)
BEGINS, ENDS = NOON + 4 * HOUR, NOON + 68 * HOUR


def held(reason: str, term: Term, *, blocks: bool = True) -> Held:
    return Held(scope="checkout-api in production", blocks=blocks, reason=reason, by="alice", term=term)


def test_a_lock_holds_from_its_beginning_until_before_its_end() -> None:
    term = Term(NOON, NOON + HOUR)
    assert term.span_at(NOON) == Span(NOON, NOON + HOUR)
    assert term.span_at(NOON - HOUR / 60) is None
    assert term.span_at(NOON + HOUR) is None


def test_one_without_an_end_holds_until_somebody_ends_it() -> None:
    assert Term(NOON).span_at(NOON + 9000 * HOUR) == Span(NOON, FOR_EVER)


def test_a_freeze_holds_only_in_its_windows() -> None:
    term = Term(NOON - 100 * HOUR, None, WEEKENDS)
    assert term.span_at(NOON) is None
    assert term.span_at(BEGINS) == Span(BEGINS, ENDS)
    assert term.next_span(NOON, 24 * HOUR) == Span(BEGINS, ENDS)
    assert term.next_span(NOON, 3 * HOUR) is None


def test_a_freeze_begun_within_a_window_holds_from_then_on() -> None:
    term = Term(BEGINS + HOUR, None, WEEKENDS)
    assert term.span_at(BEGINS) is None
    assert term.span_at(BEGINS + HOUR) == Span(BEGINS + HOUR, ENDS)


def test_an_expired_freeze_cannot_block() -> None:
    term = Term(NOON - 100 * HOUR, BEGINS + HOUR, WEEKENDS)
    assert term.span_at(BEGINS) == Span(BEGINS, BEGINS + HOUR)
    assert term.span_at(BEGINS + HOUR) is None
    assert term.next_span(ENDS, 200 * HOUR) is None


def test_a_calendar_holds_what_touches_it() -> None:
    term = Term(NOON - 100 * HOUR, None, WEEKENDS)
    week = 168 * HOUR
    expected = [Span(BEGINS, ENDS), Span(BEGINS + week, ENDS + week)]
    assert term.between(NOON, NOON + 2 * week) == expected
    assert term.between(ENDS, ENDS + HOUR) == []


def test_all_that_hold_are_said_and_what_stops_comes_first() -> None:
    locks = [
        held("look at the numbers", Term(NOON), blocks=False),
        held("audit\nby the bank", Term(NOON, NOON + HOUR)),
        held("the weekend", Term(NOON, None, WEEKENDS)),
        held("yesterday", Term(NOON - 9 * HOUR, NOON)),
    ]
    found = standing(locks, NOON)
    assert not found.is_open
    assert found.sentence == (
        "Checkout-api in production is locked until 2026-11-27 13:00 UTC by alice: audit by the bank. "
        "Checkout-api in production has a warning by alice: look at the numbers."
    )


def test_a_warning_alone_stops_nothing() -> None:
    assert standing([held("careful", Term(NOON), blocks=False)], NOON).is_open
    assert standing([], NOON).sentence == "Nothing is locked."


def test_a_lock_that_ends_while_one_asks_holds_for_the_instant_that_was_asked_about() -> None:
    locks = [held("audit", Term(NOON - HOUR, NOON))]
    assert not standing(locks, NOON - HOUR / 3600).is_open
    assert standing(locks, NOON).is_open
