"""What needs somebody, the most urgent first. One function a kind, one line a kind in the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from releasedesk.releases.history import Mode, Status
from releasedesk.reports.board_rows import Row
from releasedesk.reports.verdicts import State
from releasedesk.reports.wording import Mark
from releasedesk.rollbacks.readiness import Severity, duration

NOTE_DUE_AFTER = timedelta(hours=24)
RECENT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Need:
    """One thing somebody has to see to."""

    kind: str
    mark: Mark
    title: str
    sentence: str
    path: str

    def as_json(self) -> dict[str, Any]:
        """The need as the API shows it."""
        return {**asdict(self), "mark": self.mark.words}


def needs_of(rows: Sequence[Row], unmatched: int, now: datetime) -> list[Need]:
    """Return the needs of all rows in the order of `KINDS`; a release is named by its most urgent one."""
    found: dict[str, Need] = {}
    for kind in KINDS:
        for row in rows:
            for need in kind(row, now):
                found.setdefault(need.path, need)
    needs = list(found.values())
    if unmatched:
        events = "1 event" if unmatched == 1 else f"{unmatched} events"
        sentence = "CI reported services or environments the desk does not know."
        needs.append(Need("unmatched", Mark("warn", "", events), "Inbox", sentence, "/inbox/?outcome=unmatched"))
    return needs


def _live(row: Row, kind: str, mark: Mark, sentence: str) -> Need:
    live = row.production.live
    assert live is not None
    return _need(row, live.release.version, kind, mark, sentence)


def _need(row: Row, version: str, kind: str, mark: Mark, sentence: str) -> Need:
    slug = row.service.slug
    return Need(kind, mark, f"{slug} {version}", sentence, f"/services/{slug}/releases/{version}/")


def _trigger_met(row: Row, now: datetime) -> Iterator[Need]:
    if row.triggers_met and row.production.live:
        yield _live(row, "trigger_met", Mark("bad", "up", "trigger met"), " ".join(row.triggers_met))


def _regressed(row: Row, now: datetime) -> Iterator[Need]:
    if row.state == State.SUSPECT and row.comparison:
        yield _live(row, "regressed", Mark("bad", "up", "regressed"), row.comparison.sentence)


def _failed(row: Row, now: datetime) -> Iterator[Need]:
    place = row.production
    if place.attempt and place.status in {Status.FAILED, Status.LOST} and now - place.attempt.at < RECENT:
        words = "failed" if place.status == Status.FAILED else "lost"
        what = "failed" if place.status == Status.FAILED else "began and was never heard of again"
        sentence = f"The deployment to {place.environment.name} {what}."
        yield _need(row, place.attempt.release.version, words, Mark("bad", "ask", words), sentence)


def _rolled_back(row: Row, now: datetime) -> Iterator[Need]:
    live = row.production.live
    if live is None or live.deployment.mode != Mode.ROLLBACK or now - live.since > RECENT:
        return
    took = live.deployment.took
    time = f" in {duration(took.total_seconds())}" if took else ""
    left = live.deployment.replaced
    if left:
        sentence = f"Went back to {live.release.version}{time}. Write down why."
        yield _need(row, left.version, "rolled_back", Mark("idle", "back", "rolled back"), sentence)


def _no_way_back(row: Row, now: datetime) -> Iterator[Need]:
    reasons = row.way.readiness.reasons
    if row.production.live and reasons and reasons[0].severity is Severity.BLOCKING:
        yield _live(row, "cannot_go_back", Mark("bad", "", row.way.headline), reasons[0].detail)


def _measure_again(row: Row, now: datetime) -> Iterator[Need]:
    if row.comparison and row.comparison.verdict in {"not_comparable", "inconclusive"}:
        yield _live(row, "measure_again", Mark("warn", "ask", "measure again"), row.comparison.sentence)


def _no_plan_on_staging(row: Row, now: datetime) -> Iterator[Need]:
    if row.pending and row.way.plan is None:
        sentence = f"On {row.places[0].environment.name}, and nobody has written down how to go back."
        yield _need(row, row.pending[0].version, "no_plan", Mark("bad", "", "no plan"), sentence)


def _stale(row: Row, now: datetime) -> Iterator[Need]:
    reasons = row.way.readiness.reasons
    if row.production.live and reasons and reasons[0].code.value.startswith(("rehears", "not_rehearsed")):
        yield _live(row, "rehearse", Mark("warn", "", row.way.headline), reasons[0].detail)


def _note_due(row: Row, now: datetime) -> Iterator[Need]:
    for standing in row.notes_due:
        hours = round((now - standing.first_at) / timedelta(hours=1))
        age = f"{hours} h" if hours < 48 else f"{hours // 24} days"  # noqa: PLR2004 - two days read better in days
        overdue = now - standing.first_at > NOTE_DUE_AFTER
        mark = Mark("warn" if overdue else "idle", "", "note overdue" if overdue else "note due")
        yield _need(row, standing.release.version, "note_due", mark, f"Shipped {age} ago.")


KINDS: tuple[Callable[[Row, datetime], Iterator[Need]], ...] = (
    _trigger_met,
    _regressed,
    _failed,
    _no_way_back,
    _rolled_back,
    _measure_again,
    _no_plan_on_staging,
    _stale,
    _note_due,
)
