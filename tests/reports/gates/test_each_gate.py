"""Every gate: met and unmet, each with the sentence a colleague would say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from releasedesk.checklists import unmet
from releasedesk.checklists.unmet import Line
from releasedesk.releases import fingerprints, lock_times, one_change
from releasedesk.releases.lock_times import Held, Term
from releasedesk.reports.gates.facts import Fix, GateFacts, Ran
from releasedesk.reports.gates.fixes import PATHS
from releasedesk.reports.gates.table import BY_KEY, TABLE
from releasedesk.rollbacks.readiness import PlanBrief, Readiness, RehearsalBrief, Situation, readiness

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LABELS = ("Linting", "Unit tests", "Integration check", "Staging config verified", "Release tagged")
PLANNED = Situation(
    now=NOON,
    environment="production",
    live="1.1",
    target="1.0",
    plan=PlanBrief(version=1, steps=2, triggers=1, has_owner=True),
    rehearsal=RehearsalBrief(1, succeeded=True, finished_at=NOON - timedelta(days=1)),
)
AUDIT = Held(
    scope="all services in production",
    blocks=True,
    reason="The auditors are in.",
    by="alice",
    term=Term(NOON - timedelta(days=1)),
)
SAME = {"POOL": "hmac-sha256:aa"}


def checked(**outcomes: str) -> unmet.Standing:
    lines = [
        Line(key=label, label=label, outcome=outcomes.get(label.split()[0].lower(), "passed"), required=True)
        for label in LABELS
    ]
    return unmet.standing(lines, "production")


def changing(text: str, **known: int) -> one_change.Size:
    return one_change.size(one_change.Facts(change=text, commits=known.get("commits", 1)))


def configured(before: dict[str, str] | None, here: dict[str, str] | None) -> fingerprints.Comparison:
    return fingerprints.compare(("staging", before), ("production", here))


def locked(*locks: Held) -> lock_times.Standing:
    return lock_times.standing(locks, NOON)


FINE = GateFacts(
    version="1.1",
    commit="9f3c1234567890",
    environment="production",
    answerable="alice",
    expected_result="1 database call instead of 31.",
    size=changing("One join instead of 30 queries."),
    checklist=checked(),
    measured=["GET /basket/{id}"],
    live="1.0",
    way_back=Readiness(ready=True, reasons=()),
    rehearsed_seconds=108,
    stages=["staging"],
    ran=Ran("staging", "9f3c1234567890"),
    suspect="",
    config=configured(SAME, SAME),
    locks=locked(),
)
MET = {
    "owner": "alice answers for it.",
    "expected_result": "Expected: 1 database call instead of 31.",
    "one_change": "It is one change: 1 change · 1 commit.",
    "checklist": "All 5 required items are done.",
    "measured_before": "Measured before in production: GET /basket/{id}.",
    "rollback_ready": "The way back to 1.0 is ready; it took 1 min 48 s when it was rehearsed.",
    "staging_first": "It ran on staging at 9f3c12345678.",
    "staging_config": "The one setting is the same in staging and production.",
    "no_lock": "Nothing is locked.",
}


def way(**situation: object) -> Readiness:
    return readiness(replace(PLANNED, **situation))  # type: ignore[arg-type]


UNMET: list[tuple[str, dict[str, object], str, Fix]] = [
    (
        "owner",
        {"answerable": ""},
        "Nobody answers for it: neither the release nor the service names an owner.",
        Fix.PLAN,
    ),
    (
        "expected_result",
        {"expected_result": " \n"},
        "Nobody wrote down what is expected of it, so nobody can say whether it came true.",
        Fix.PLAN,
    ),
    ("one_change", {"size": changing(" ")}, "It does not say which one thing it changes.", Fix.PLAN),
    (
        "one_change",
        {"size": changing("One join", commits=40)},
        "It holds 40 commits; more than 10 are hard to tell apart.",
        Fix.PLAN,
    ),
    (
        "checklist",
        {"checklist": checked(linting="failed", unit="open", release="open")},
        "Linting failed; Unit tests, Release tagged are open: 3 of 5 required items.",
        Fix.CHECKLIST,
    ),
    (
        "measured_before",
        {"measured": []},
        "Nobody measured production before the change: there is nothing to compare with.",
        Fix.MEASURE,
    ),
    ("rollback_ready", {"way_back": way(plan=None)}, "There is no rollback plan.", Fix.ROLLBACK_PLAN),
    (
        "rollback_ready",
        {"way_back": way(now=NOON + timedelta(days=15))},
        "The plan was last rehearsed 16 days ago; at most 14 are allowed.",
        Fix.REHEARSALS,
    ),
    (
        "rollback_ready",
        {"way_back": way(plan=PlanBrief(2, 2, 0, has_owner=True), rehearsal=None)},
        "The plan has no trigger: it does not say when to go back. The plan was never rehearsed.",
        Fix.ROLLBACK_PLAN,
    ),
    ("staging_first", {"ran": None}, "It has not succeeded on staging yet.", Fix.DEPLOYMENTS),
    (
        "staging_first",
        {"ran": None, "stages": ["staging", "staging-eu"]},
        "It has not succeeded on staging or staging-eu yet.",
        Fix.DEPLOYMENTS,
    ),
    (
        "staging_first",
        {"ran": Ran("staging", "77ab000111222")},
        (
            "On staging it ran at commit 77ab00011122, and it is 9f3c12345678 now: "
            "deploy this commit to staging first."
        ),
        Fix.DEPLOYMENTS,
    ),
    (
        "staging_first",
        {"suspect": "p95 rose from 190 to 249 ms."},
        "It is suspect on staging: p95 rose from 190 to 249 ms.",
        Fix.DEPLOYMENTS,
    ),
    (
        "staging_config",
        {"config": configured(None, None)},
        "staging and production have not reported a configuration.",
        Fix.CONFIGURATION,
    ),
    (
        "staging_config",
        {"config": configured({**SAME, "CACHE": "hmac-sha256:bb"}, SAME)},
        "CACHE is missing in production.",
        Fix.CONFIGURATION,
    ),
    (
        "no_lock",
        {"locks": locked(AUDIT, replace(AUDIT, scope="checkout-api in production", reason="An incident"))},
        (
            "All services in production is locked by alice: The auditors are in. "
            "Checkout-api in production is locked by alice: An incident."
        ),
        Fix.LOCKS,
    ),
]
STILL_MET: list[tuple[str, dict[str, object], str]] = [
    ("expected_result", {"expected_result": "x" * 300}, f"Expected: {'x' * 120}…"),
    ("checklist", {"checklist": checked(unit="waived")}, "All 5 required items are done."),
    (
        "checklist",
        {"checklist": unmet.standing((), "production")},
        "Nothing on its checklist is required here.",
    ),
    (
        "measured_before",
        {"measured": [], "live": None},
        "First release here: there is nothing to measure before it.",
    ),
    (
        "measured_before",
        {"measured": ["GET /a", "GET /b", "GET /c", "GET /d"]},
        "Measured before in production: GET /a, GET /b, GET /c and 1 more.",
    ),
    ("rollback_ready", {"live": None, "rehearsed_seconds": None}, "First release here: the plan is there."),
    ("staging_first", {"stages": []}, "Nothing comes before production."),
    ("staging_first", {"ran": Ran("staging", "")}, "It ran on staging."),
    ("staging_first", {"ran": Ran("staging", "9F3C123")}, "It ran on staging at 9F3C123."),
    ("staging_config", {"stages": []}, "Nothing comes before production."),
    ("staging_config", {"live": None}, "First release here: there is no configuration to compare yet."),
    (
        "no_lock",
        {"locks": locked(replace(AUDIT, blocks=False))},
        "All services in production has a warning by alice: The auditors are in.",
    ),
    (
        "no_lock",
        {"locks": locked(replace(AUDIT, term=Term(NOON - timedelta(1), NOON)))},
        "Nothing is locked.",
    ),
]


def test_the_nine_gates_are_those_of_the_design_with_their_default_levels() -> None:
    strict = {
        "owner",
        "expected_result",
        "checklist",
        "measured_before",
        "rollback_ready",
        "staging_first",
        "no_lock",
    }
    assert set(BY_KEY) == strict | {"one_change", "staging_config"}
    assert {key for key, gate in BY_KEY.items() if gate.level_in("production") == "required"} == strict
    assert {key for key, gate in BY_KEY.items() if gate.level_in("staging") == "required"} == {"no_lock"}
    assert {gate.level_in("staging") for gate in TABLE} == {"required", "advisory"}
    assert {key for key, gate in BY_KEY.items() if gate.level_in("testing") != "off"} == {"no_lock"}


@pytest.mark.parametrize("key", BY_KEY)
def test_a_gate_is_met_and_says_so(key: str) -> None:
    found = BY_KEY[key].judge(FINE)
    assert (found.met, found.detail, found.fix) == (True, MET[key], None)


@pytest.mark.parametrize(("key", "changed", "detail", "fix"), UNMET)
def test_a_gate_is_unmet_and_says_why_and_where_it_is_mended(
    key: str, changed: dict[str, object], detail: str, fix: Fix
) -> None:
    found = BY_KEY[key].judge(replace(FINE, **changed))  # type: ignore[arg-type]
    assert (found.met, found.detail, found.fix) == (False, detail, fix)


@pytest.mark.parametrize(("key", "changed", "detail"), STILL_MET)
def test_a_gate_is_met_all_the_same(key: str, changed: dict[str, object], detail: str) -> None:
    found = BY_KEY[key].judge(replace(FINE, **changed))  # type: ignore[arg-type]
    assert (found.met, found.detail) == (True, detail)


def test_every_gate_has_been_seen_unmet() -> None:
    assert {key for key, *_ in UNMET} == set(BY_KEY)


def test_every_gate_has_a_question_and_every_fix_a_page() -> None:
    assert all(gate.question.endswith("?") and gate.label for gate in TABLE)
    assert set(PATHS) == set(Fix)
