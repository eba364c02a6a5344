"""Freezes on pages and in a calendar: shown before they start, gone when they are over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from releasedesk.accounts.models import Team, User
from releasedesk.accounts.roles import DESK
from releasedesk.actions.locks import lock, lock_request, release_lock
from releasedesk.catalog.models import Service
from releasedesk.releases.lock_bodies import LockBody
from releasedesk.releases.models import Lock
from releasedesk.web.icalendar import folded
from tests.builders import NOON, make_deployment, make_release, make_service, make_team, make_token
from tests.conftest import Clock
from tests.web.reading import text_of

FRIDAY = datetime(2026, 11, 27, 12, tzinfo=UTC)
WEEKEND = {"kind": "weekly", "days": ["friday"], "starts": "16:00", "ends": "08:00", "ends_on": "monday"}
FEED = "/locks/locks.ics"


@pytest.fixture
def checkout(payments: Team) -> Service:
    return make_service("checkout-api", payments)


def freeze(service: str | None = "checkout-api", *, at: datetime = NOON, **fields: Any) -> Lock:
    body = {
        "service": service,
        "environment": "production",
        "reason": "Nobody is on call.",
        "window": WEEKEND,
    }
    return lock(DESK, lock_request(DESK, LockBody.read({**body, **fields})), now=at)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("path", ["/services/checkout-api/", "/services/checkout-api/releases/1.0/"])
def test_a_freeze_is_shown_a_day_before_it_starts_while_it_holds_and_never_after(
    client: Client, checkout: Service, vera: User, clock: Clock, path: str
) -> None:
    clock.now = FRIDAY - timedelta(hours=21)
    make_release(checkout)
    make_deployment(checkout, at=FRIDAY - timedelta(days=2))
    freeze()
    assert "Freeze starts" not in text_of(client, vera, path)
    clock.now = FRIDAY + timedelta(hours=1)
    text = text_of(client, vera, path)
    assert "Freeze starts in 3 h ( today 16:00 until Mon 30 Nov 08:00 )" in text
    assert "checkout-api in production, by desk: Nobody is on call." in text
    clock.now = FRIDAY + timedelta(hours=5)
    assert "Shipping is stopped: checkout-api in production, until Mon 30 Nov 08:00 , by desk" in text_of(
        client, vera, path
    )
    clock.now = FRIDAY + timedelta(days=3)
    assert "Nobody is on call" not in text_of(client, vera, path)


def test_the_board_says_in_one_line_what_is_stopped_and_what_will_be(
    client: Client, checkout: Service, vera: User, clock: Clock
) -> None:
    make_deployment(checkout, at=FRIDAY - timedelta(days=2))
    clock.now = FRIDAY - timedelta(hours=21)
    freeze()
    assert "Freeze ahead" not in text_of(client, vera, "/")
    clock.now = FRIDAY + timedelta(hours=1)
    assert "Freeze ahead: checkout-api in production in 3 h." in text_of(client, vera, "/")
    clock.now = FRIDAY + timedelta(hours=5)
    text = text_of(client, vera, "/")
    assert "Shipping is stopped: checkout-api in production." in text
    assert "until Mon 30 Nov 08:00 , by desk: Nobody is on call." in text


def test_a_freeze_of_another_service_is_not_shown(
    client: Client, checkout: Service, vera: User, clock: Clock
) -> None:
    clock.now = FRIDAY + timedelta(hours=5)
    make_service("ledger")
    freeze("ledger")
    assert "Nobody is on call" not in text_of(client, vera, "/services/checkout-api/")


def test_the_boards_version_ends_when_a_freeze_is_shown_starts_and_ends(
    checkout: Service, vera: User, clock: Clock
) -> None:
    freeze()
    browser = signed_in(vera)

    def at(when: datetime, etag: str = "") -> Any:
        clock.now = when
        return browser.get("/", headers={"If-None-Match": etag} if etag else {})

    begins = FRIDAY + timedelta(hours=4)
    before = begins - timedelta(hours=24, minutes=1)
    for moment in (begins - timedelta(hours=24), begins, FRIDAY + timedelta(hours=68)):
        seen = at(min(before, moment - timedelta(seconds=1)))
        seen = at(moment - timedelta(seconds=1))
        assert at(moment - timedelta(seconds=1), seen["ETag"]).status_code == 304
        assert at(moment, seen["ETag"]).status_code == 200


def test_bob_types_a_weekly_freeze_and_it_stands_in_the_calendar(
    client: Client, checkout: Service, bob: User, clock: Clock
) -> None:
    clock.now = FRIDAY
    Team.objects.update(timezone="Europe/Berlin")
    browser = signed_in(bob)
    form = {
        "service": "checkout-api",
        "environment": "production",
        "kind": "block",
        "reason": "Nobody is on call.",
        "window/kind": "weekly",
        "window/days/4": "friday",
        "window/starts": "16:00",
        "window/ends": "08:00",
        "window/ends_on": "monday",
        "window/timezone": "Europe/Berlin",
    }
    assert browser.post("/locks/", form).status_code == 302
    text = text_of(client, bob, "/locks/")
    assert "every Friday 16:00 to Monday 08:00, Europe/Berlin" in text
    assert "Nothing is locked. Everybody may ship." in text
    assert "Fri 27 Nov from 16:00 checkout-api in production Sat 28 Nov all day" in text
    assert "Mon 30 Nov until 08:00 checkout-api in production Tue 1 Dec nothing" in text
    assert "Fri 4 Dec from 16:00" in text


def test_dates_are_typed_as_they_are_read_on_the_wall(checkout: Service, bob: User, clock: Clock) -> None:
    clock.now = FRIDAY
    form = {
        "service": "checkout-api",
        "reason": "The year's end.",
        "window/kind": "dates",
        "window/starts": "2026-12-20T18:00",
        "window/ends": "2027-01-03T08:00",
        "window/timezone": "America/New_York",
        "window/yearly": "true",
    }
    assert signed_in(bob).post("/locks/", form).status_code == 302
    row = Lock.objects.get()
    assert row.recurs == "every year 20 Dec 18:00 to 3 Jan 08:00, America/New_York"
    assert row.until is None


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"window/kind": ""}, "This field is required."),
        ({"window/days/4": ""}, "A weekly window needs its days."),
        ({"window/starts": "4 pm"}, "The clock on the wall cannot read this."),
        ({"window/timezone": "Berlin"}, "No time zone is called"),
    ],
)
def test_what_is_wrong_with_a_window_stands_at_its_field_and_nothing_typed_is_lost(
    checkout: Service, bob: User, clock: Clock, typed: dict[str, str], said: str
) -> None:
    form = {
        "service": "checkout-api",
        "reason": "Nobody is on call.",
        "window/kind": "weekly",
        "window/days/4": "friday",
        "window/starts": "16:00",
        "window/ends": "08:30",
        "window/timezone": "Europe/Berlin",
    }
    answer = signed_in(bob).post("/locks/", {**form, **typed})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert said in text
    assert 'value="08:30"' in text
    assert "Nobody is on call." in text
    assert not Lock.objects.exists()


def test_a_lock_that_only_somebody_can_end_does_not_fill_the_fortnight(
    client: Client, checkout: Service, vera: User, clock: Clock
) -> None:
    clock.now = FRIDAY
    freeze(at=FRIDAY, window=None, reason="Until the cause is found.")
    text = text_of(client, vera, "/locks/")
    assert "Until the cause is found." in text
    assert "all day" not in text


def test_the_page_costs_the_same_for_one_freeze_and_for_many(
    checkout: Service, bob: User, clock: Clock, django_assert_num_queries: Any
) -> None:
    browser = signed_in(bob)
    for count in (1, 9):
        for _ in range(count):
            release_lock(DESK, freeze(at=clock.now).pk, now=clock.now)
            freeze(at=clock.now)
        # session, user, memberships; locks, ended ones; the reader's clock, services twice, environments
        with django_assert_num_queries(9):
            assert browser.get("/locks/").status_code == 200


# -- the calendar for other programs


def events_of(response: Any) -> list[dict[str, str]]:
    """Read the events of a calendar, unfolded."""
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    raw = response.content
    lines = raw.decode().replace("\r\n ", "").split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VCALENDAR", ""]
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    found: list[dict[str, str]] = []
    for line in lines:
        name, _, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            found.append({})
        elif found:
            found[-1].setdefault(name, value)
    return found


def test_the_calendar_has_every_span_in_utc_under_a_name_that_stays(
    checkout: Service, vera: User, clock: Clock
) -> None:
    clock.now = FRIDAY
    freeze(at=FRIDAY, reason="No call; ask Tom, or Ines\nand wait " + "ü" * 60)
    browser = signed_in(vera)
    first = events_of(browser.get(FEED))
    assert (first[0]["DTSTART"], first[0]["DTEND"]) == ("20261127T160000Z", "20261130T080000Z")
    assert (first[1]["DTSTART"], first[1]["DTEND"]) == ("20261204T160000Z", "20261207T080000Z")
    assert first[0]["SUMMARY"] == "Locked: checkout-api in production"
    assert first[0]["DESCRIPTION"].startswith("No call\\; ask Tom\\, or Ines\\nand wait ü")
    assert 25 <= len(first) <= 27
    clock.tick(60)
    assert [event["UID"] for event in events_of(browser.get(FEED))] == [event["UID"] for event in first]


def test_an_ended_freeze_leaves_the_calendar_but_for_what_was(
    checkout: Service, vera: User, clock: Clock
) -> None:
    row = freeze(at=FRIDAY - timedelta(days=1))
    clock.now = FRIDAY + timedelta(hours=5)
    release_lock(DESK, row.pk, now=clock.now)
    (only,) = events_of(signed_in(vera).get(FEED))
    assert (only["DTSTART"], only["DTEND"]) == ("20261127T160000Z", "20261127T170000Z")


def test_a_token_reads_the_calendar_of_its_team_from_the_header_alone(
    checkout: Service, ci: Client, stranger: Client, clock: Clock
) -> None:
    clock.now = FRIDAY
    freeze(at=FRIDAY)
    make_service("indexer", make_team("search"))
    freeze("indexer", at=FRIDAY)
    summaries = {event["SUMMARY"] for event in events_of(ci.get(FEED))}
    assert summaries == {"Locked: checkout-api in production"}
    token = make_token(make_team("search"))
    assert stranger.get(f"{FEED}?token={token}").status_code == 401
    writer = make_token(make_team("payments"), scopes=["gate:write"])
    assert Client(headers={"Authorization": f"Bearer {writer}"}).get(FEED).status_code == 403


def test_a_stranger_at_a_browser_is_sent_to_the_login_and_learns_nothing(
    stranger: Client, checkout: Service, clock: Clock
) -> None:
    freeze()
    answer = stranger.get(FEED, headers={"User-Agent": "Mozilla/5.0", "Accept": "text/html"})
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=%2Flocks%2Flocks.ics")
    terminal = stranger.get(FEED)
    assert terminal.status_code == 401
    assert b"on call" not in terminal.content


@given(st.text(max_size=300))
def test_folding_keeps_every_character_and_no_line_is_too_long(text: str) -> None:
    text = text.replace("\r", "").replace("\n", "")
    parts = list(folded(text))
    assert all(len(part.encode()) <= 75 for part in parts)
    assert parts[0] + "".join(part[1:] for part in parts[1:]) == text
    assert all(part.startswith(" ") for part in parts[1:])
