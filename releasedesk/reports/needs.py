"""What needs somebody, the most urgent first. One function a kind, one line a kind in the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from releasedesk.releases.history import Mode, Status
from releasedesk.reports.board_rows import NOTE_DUE_AFTER, RECENT, Place, Row
from releasedesk.reports.gates.table import missing
from releasedesk.reports.kept_rows import KEPT
from releasedesk.reports.verdicts import State
from releasedesk.reports.wording import Mark
from releasedesk.rollbacks.course import LEFT_OPEN_AFTER
from releasedesk.rollbacks.readiness import Severity
from releasedesk.rollbacks.wording import duration, moment


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


def needs_of(rows: Sequence[Row], unmatched: int) -> list[Need]:
    """Return the needs of all rows in the order of `KINDS`; a release is named by its most urgent one."""
    found: dict[str, Need] = {}
    ranked = [(rank, number, need) for number, row in enumerate(rows) for rank, need in _of(row)]
    for _, _, need in sorted(ranked, key=lambda one: one[:2]):
        found.setdefault(need.path, need)
    needs = list(found.values())
    if unmatched:
        events = "1 event" if unmatched == 1 else f"{unmatched} events"
        sentence = "CI reported services or environments the desk does not know."
        needs.append(
            Need("unmatched", Mark("warn", "", events), "Inbox", sentence, "/inbox/?outcome=unmatched")
        )
    return needs


def urgency(row: Row) -> int:
    """Answer how urgent the most urgent need of a row is: 0 is the worst, the last is none at all."""
    return next((rank for rank, _ in _of(row)), len(KINDS))


@lru_cache(maxsize=KEPT)
def _of(row: Row) -> tuple[tuple[int, Need], ...]:
    """What a row needs, each with its rank: the same as long as the row holds, which ends with any."""
    return tuple((rank, need) for rank, kind in enumerate(KINDS) for need in kind(row, row.at))


def _live(row: Row, kind: str, mark: Mark, sentence: str) -> Iterator[Need]:
    if row.live:
        yield _need(row, row.live.version, kind, mark, sentence)


def _need(row: Row, version: str, kind: str, mark: Mark, sentence: str) -> Need:
    slug = row.service.slug
    return Need(kind, mark, f"{slug} {version}", sentence, f"/services/{slug}/releases/{version}/")


def _productions(row: Row) -> Iterator[Place]:
    return (place for place in row.places if place.is_production)


def _rolling_back(row: Row, now: datetime) -> Iterator[Need]:
    for place in row.places:
        run = place.live.run if place.live else None
        if run and place.live:
            left_open = now - run.since > LEFT_OPEN_AFTER
            mark = Mark("bad", "ask", "left open") if left_open else Mark("warn", "back", "rolling back")
            sentence = f"{run.by} started to go back to {run.to} in {place.environment}, {moment(run.since)}."
            need = _need(row, place.live.version, "rolling_back", mark, sentence)
            yield replace(need, path=f"/services/{row.service.slug}/rollback/{place.environment}/")


def _trigger_met(row: Row, now: datetime) -> Iterator[Need]:
    if row.triggers_met:
        yield from _live(row, "trigger_met", Mark("bad", "up", "trigger met"), " ".join(row.triggers_met))


def _regressed(row: Row, now: datetime) -> Iterator[Need]:
    if row.state == State.SUSPECT and row.comparison:
        yield from _live(row, "regressed", Mark("bad", "up", "regressed"), row.comparison.sentence)


def _failed(row: Row, now: datetime) -> Iterator[Need]:
    for place in _productions(row):
        attempt = place.attempt
        if attempt and place.status in {Status.FAILED, Status.LOST} and now - attempt.at <= RECENT:
            words = "failed" if place.status == Status.FAILED else "lost"
            what = "failed" if place.status == Status.FAILED else "began and was never heard of again"
            sentence = f"The deployment to {place.environment.name} {what}."
            yield _need(row, attempt.version, words, Mark("bad", "ask", words), sentence)


def _rolled_back(row: Row, now: datetime) -> Iterator[Need]:
    for place in _productions(row):
        live = place.live
        if live and live.replaced and live.mode == Mode.ROLLBACK and now - live.since <= RECENT:
            time = f" in {duration(live.took.total_seconds())}" if live.took else ""
            sentence = f"Went back to {live.version}{time}. Write down why."
            mark = Mark("idle", "back", "rolled back")
            yield _need(row, live.replaced, "rolled_back", mark, sentence)


def _no_way_back(row: Row, now: datetime) -> Iterator[Need]:
    way = row.way
    if way and way.readiness.reasons and way.readiness.reasons[0].severity is Severity.BLOCKING:
        mark = Mark("bad", "", way.headline)
        yield from _live(row, "cannot_go_back", mark, way.readiness.reasons[0].detail)


def _measure_again(row: Row, now: datetime) -> Iterator[Need]:
    if row.comparison and row.comparison.verdict in {"not_comparable", "inconclusive"}:
        mark = Mark("warn", "ask", "measure again")
        yield from _live(row, "measure_again", mark, row.comparison.sentence)


def _past_the_gate(row: Row, now: datetime) -> Iterator[Need]:
    for place in _productions(row):
        live = place.live
        if live and live.past and now - live.since <= RECENT:
            sentence = f"Shipped to {place.environment.name} past the gate; missing: {missing(live.past)}."
            yield _need(row, live.version, "past_the_gate", Mark("bad", "", "past the gate"), sentence)


def _may_not_ship(row: Row, now: datetime) -> Iterator[Need]:
    for release in row.pending:
        asked = release.asked
        if asked and asked.unmet and now - asked.at <= RECENT:
            sentence = f"When it was asked, the gate was closed: {missing(asked.unmet)}."
            yield _need(row, release.version, "may_not_ship", Mark("warn", "cross", "may not ship"), sentence)


def _no_plan_on_staging(row: Row, now: datetime) -> Iterator[Need]:
    if row.pending and (row.way is None or row.way.plan is None):
        sentence = f"On {row.pending_in}, and nobody has written down how to go back."
        mark = Mark("bad", "", "no plan")
        yield _need(row, row.pending[0].version, "no_plan", mark, sentence)


def _stale(row: Row, now: datetime) -> Iterator[Need]:
    reasons = row.way.readiness.reasons if row.way else ()
    if row.way and reasons and reasons[0].code.value.startswith(("rehears", "not_rehearsed")):
        yield from _live(row, "rehearse", Mark("warn", "", row.way.headline), reasons[0].detail)


def _note_due(row: Row, now: datetime) -> Iterator[Need]:
    for owed in row.notes_due:
        overdue = now - owed.first_at > NOTE_DUE_AFTER
        mark = Mark("warn" if overdue else "idle", "", "note overdue" if overdue else "note due")
        yield _need(row, owed.version, "note_due", mark, f"Shipped on {moment(owed.first_at)}.")


KINDS: tuple[Callable[[Row, datetime], Iterator[Need]], ...] = (
    _rolling_back,
    _trigger_met,
    _regressed,
    _failed,
    _no_way_back,
    _rolled_back,
    _past_the_gate,
    _may_not_ship,
    _measure_again,
    _no_plan_on_staging,
    _stale,
    _note_due,
)
