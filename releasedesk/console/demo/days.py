"""Thirty days of daily releases, and the eight ways the day of the demo stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from releasedesk.console.demo.desk import Hands
from releasedesk.releases.models import Release

DAYS = 30
SATURDAY = 5
SMALL_REASONS = (
    "A customer asked for it.",
    "Found while reading the log.",
    "Left over from the release before.",
    "Support stumbled over it.",
)
# A month is shown; somebody waits for it with a first `make run`, and looks at the last two weeks.
LATELY, OFTEN, SELDOM = timedelta(days=15), 0.65, 0.3
REHEARSED_EVERY, LAST_REHEARSED = timedelta(days=6), timedelta(days=11)


def working_days(now: datetime) -> Iterator[datetime]:
    """The weekdays of the last month, up to three days ago, oldest first, at ten o'clock."""
    morning = now.replace(hour=10, minute=0, second=0, microsecond=0)
    for back in range(DAYS, 2, -1):
        day = morning - timedelta(days=back)
        if day.weekday() < SATURDAY:
            yield day


def past(hands: Hands, now: datetime) -> None:
    """Ship a small change on most days: planned, staged, measured, shipped, measured, noted."""
    changes = hands.story.small_changes
    rehearsed: datetime | None = None
    for number, day in enumerate(working_days(now) if changes else ()):
        if hands.numbers.random() > (OFTEN if day > now - LATELY else SELDOM):
            continue
        due = rehearsed is None or rehearsed + REHEARSED_EVERY < day < now - LAST_REHEARSED
        rehearsed = day if due else rehearsed
        ship(hands, f"{day:%Y.%m.%d}-1", day, changes[number % len(changes)], rehearse=due)


def ship(hands: Hands, version: str, at: datetime, what: str, *, rehearse: bool) -> Release:
    """Take one small change through an uneventful day."""
    why = SMALL_REASONS[at.toordinal() % len(SMALL_REASONS)]
    release = hands.plan(
        version,
        at - timedelta(hours=2),
        title=what,
        change=what,
        reason=why,
        expected_result="No change in the four numbers.",
        rollback_note="Deploy the previous version; no migration.",
    )
    hands.check(version, at - timedelta(hours=1))
    hands.deploy(version, "staging", at - timedelta(hours=1), seconds=None)
    if rehearse and release.plans.exists():
        hands.rehearse(release, at - timedelta(minutes=40), float(hands.numbers.integers(60, 130)))
    hands.measure(release, "before", at - timedelta(minutes=20))
    hands.deploy(version, "production", at, seconds=float(hands.numbers.integers(50, 95)))
    hands.measure(release, "after", at + timedelta(minutes=15))
    hands.note(release, at + timedelta(hours=3), reason=why, metric_improved="none expected, none seen")
    return release


def big(hands: Hands, version: str, at: datetime, *, irreversible: bool = False) -> Release:
    """Plan the change the team is busy with, with its baseline and its way back."""
    story = hands.story
    release = hands.plan(
        version,
        at,
        title=story.title,
        change=story.change,
        reason="Support was asked about it more than about anything else this month.",
        expected_result=story.expected,
        rollback_note="Deploy the previous version; see the plan.",
        expected_input="a day's usual traffic, signed in",
        slow_part=story.slow_part,
        users_notice=story.users_notice,
        assumptions="Traffic is as on any weekday.",
        irreversible=irreversible,
    )
    hands.plan_rollback(release, at)
    return release


def checkout_api(hands: Hands, now: datetime) -> None:
    """Regressed an hour ago: its own trigger is met, and the way back is rehearsed."""
    version = f"{now:%Y.%m.%d}-2"
    release = big(hands, version, now - timedelta(hours=18))
    hands.check(version, now - timedelta(hours=4))
    hands.deploy(version, "staging", now - timedelta(hours=4))
    hands.rehearse(release, now - timedelta(hours=3), 108)
    hands.measure(release, "before", now - timedelta(minutes=80))
    hands.ask(version, now - timedelta(minutes=60))
    hands.deploy(version, "production", now - timedelta(minutes=58), seconds=71)
    hands.measure(release, "after", now - timedelta(minutes=50), times=1.31, db_calls=11.8)


def ledger(hands: Hands, now: datetime) -> None:
    """Verified yesterday; its rehearsal has grown old and the next release waits on staging."""
    version = f"{now - timedelta(days=1):%Y.%m.%d}-4"
    release = big(hands, version, now - timedelta(days=17))
    hands.plan_rollback(release, now - timedelta(days=17), data_note="Bookings made meanwhile stay.")
    hands.rehearse(release, now - timedelta(days=16), 64)
    hands.check(version, now - timedelta(hours=24))
    hands.deploy(version, "staging", now - timedelta(hours=23))
    hands.measure(release, "before", now - timedelta(hours=22))
    asked = now - timedelta(hours=21, minutes=9)
    hands.ask(version, asked)
    why = "The rehearsal is a day too old and nothing on the way back changed; tom rehearses again on Monday."
    hands.override(version, "rollback_ready", why, asked + timedelta(minutes=4))
    hands.ask(version, asked + timedelta(minutes=5))
    hands.deploy(version, "production", now - timedelta(hours=21))
    hands.measure(release, "after", now - timedelta(hours=20), times=0.82, db_calls=16)
    hands.note(release, now - timedelta(hours=3), reason="The balance was read once a booking.", draft=True)
    coming = f"{now:%Y.%m.%d}-1"
    hands.plan(coming, now - timedelta(hours=2), title="index bookings by account and day")
    hands.check(coming, now - timedelta(hours=1), ("lint", "unit_tests"))
    hands.check(coming, now - timedelta(hours=1), ("integration",), outcome="failed")
    hands.deploy(coming, "staging", now - timedelta(minutes=50))
    hands.ask(coming, now - timedelta(minutes=41))


def invoices(hands: Hands, now: datetime) -> None:
    """All is well."""
    version = f"{now:%Y.%m.%d}-1"
    release = big(hands, version, now - timedelta(days=1))
    hands.check(version, now - timedelta(hours=7))
    hands.deploy(version, "staging", now - timedelta(hours=7))
    hands.rehearse(release, now - timedelta(hours=6), 52)
    hands.measure(release, "before", now - timedelta(hours=6))
    hands.ask(version, now - timedelta(hours=5, minutes=3))
    hands.deploy(version, "production", now - timedelta(hours=5))
    hands.measure(release, "after", now - timedelta(hours=4))
    hands.note(
        release,
        now - timedelta(hours=1),
        reason="The gaps came from invoices that were refused after they had drawn their number.",
        command_used=f"make deploy SERVICE=invoices VERSION={version}",
        metric_improved="none of the four; no gap since 09:00",
        surprise="The renumbering command had been run by hand every Friday.",
        follow_ups="Remove the command next week.",
    )


def query_router(hands: Hands, now: datetime) -> None:
    """Rolled back this morning, in about the rehearsed time."""
    version = f"{now:%Y.%m.%d}-1"
    live = hands.service.lives.get(environment__name="production").release.version
    release = big(hands, version, now - timedelta(days=1))
    hands.check(version, now - timedelta(hours=6))
    hands.deploy(version, "staging", now - timedelta(hours=6))
    hands.rehearse(release, now - timedelta(hours=5), 124)
    hands.measure(release, "before", now - timedelta(hours=4))
    hands.deploy(version, "production", now - timedelta(hours=3))
    hands.measure(release, "after", now - timedelta(hours=3) + timedelta(minutes=12), times=1.7)
    hands.roll_back(live, now - timedelta(hours=2), 131, "Searches take 1.7 times as long.")


def indexer(hands: Hands, now: datetime) -> None:
    """Before with a cold cache, after with a warm one; and nobody has planned how to go back."""
    version = f"{now - timedelta(days=1):%Y.%m.%d}-2"
    release = hands.plan(version, now - timedelta(days=2), title=hands.story.title, change=hands.story.change)
    hands.deploy(version, "staging", now - timedelta(days=1, hours=4))
    hands.measure(release, "before", now - timedelta(days=1, hours=3))
    hands.deploy(version, "production", now - timedelta(days=1, hours=2))
    hands.measure(release, "after", now - timedelta(days=1), db_calls=3, cache_state="warm")
    hands.deploy(f"{now:%Y.%m.%d}-1", "staging", now - timedelta(minutes=20))


def suggest(hands: Hands, now: datetime) -> None:
    """New: on staging, never in production, its rehearsal failed."""
    release = big(hands, "0.1.0", now - timedelta(days=1))
    hands.deploy("0.1.0", "staging", now - timedelta(hours=5))
    hands.rehearse(release, now - timedelta(hours=4), 15, outcome="failed")


def login(hands: Hands, now: datetime) -> None:
    """A gain that is only cache hits; and the next release is going out right now."""
    version = f"{now - timedelta(days=1):%Y.%m.%d}-3"
    release = big(hands, version, now - timedelta(days=2))
    hands.check(version, now - timedelta(days=1, hours=3))
    hands.deploy(version, "staging", now - timedelta(days=1, hours=3))
    hands.rehearse(release, now - timedelta(days=1, hours=2), 88)
    hands.measure(release, "before", now - timedelta(days=1, hours=1), hit_share=0.12)
    hands.deploy(version, "production", now - timedelta(days=1))
    hands.measure(release, "after", now - timedelta(hours=23), hit_share=0.97)
    coming = f"{now:%Y.%m.%d}-1"
    hands.plan(coming, now - timedelta(hours=3), title="ask again when the second factor was mistyped")
    hands.deploy(coming, "staging", now - timedelta(hours=1))
    hands.deploy(coming, "production", now - timedelta(minutes=31), seconds=40, ending="failed")
    hands.deploy(coming, "production", now, seconds=150, ending="")


def profiles(hands: Hands, now: datetime) -> None:
    """Live over a migration that cannot be undone; one attempt since was never heard of again."""
    version = f"{now - timedelta(days=2):%Y.%m.%d}-2"  # "-1" may have been one of the past days
    release = big(hands, version, now - timedelta(days=3), irreversible=True)
    hands.check(version, now - timedelta(days=2, hours=4))
    hands.deploy(version, "staging", now - timedelta(days=2, hours=3))
    hands.measure(release, "before", now - timedelta(days=2, hours=2))
    why = "The old column is gone for good; support knows, and we fix forward from a copy taken before."
    hands.override(version, "rollback_ready", why, now - timedelta(days=2, minutes=20))
    hands.ask(version, now - timedelta(days=2, minutes=5))
    hands.deploy(version, "production", now - timedelta(days=2))
    coming = f"{now - timedelta(days=1):%Y.%m.%d}-2"
    hands.plan(coming, now - timedelta(days=1, hours=3), title="trim white space around names")
    hands.deploy(coming, "production", now - timedelta(hours=20), seconds=30, ending="")


TODAY: dict[str, Callable[[Hands, datetime], None]] = {
    "checkout-api": checkout_api,
    "ledger": ledger,
    "invoices": invoices,
    "query-router": query_router,
    "indexer": indexer,
    "suggest": suggest,
    "login": login,
    "profiles": profiles,
}
