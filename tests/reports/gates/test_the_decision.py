"""Levels, overrides and the way one goes become open or closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasedesk.releases.history import Mode
from releasedesk.releases.reasons import lacks_substance
from releasedesk.reports.gates.decide import Decision, Rules, Voice, decide, mode_of, suffices
from releasedesk.reports.gates.table import BY_KEY
from tests.reports.gates.test_each_gate import FINE, NOON, UNMET, changing, checked

PRODUCTION = Rules(tier="production", levels={})
UNOWNED = replace(FINE, answerable="")
ALICE = Voice("owner", "alice", NOON, "The owner left, and this cannot wait.")


def ask(
    facts: object = FINE, rules: Rules = PRODUCTION, *voices: Voice, mode: Mode = Mode.FORWARD
) -> Decision:
    return decide(facts, rules, voices, mode=mode, own={"alice"})  # type: ignore[arg-type]


def state(decision: Decision, key: str) -> tuple[str, str]:
    (found,) = (condition for condition in decision.conditions if condition.key == key)
    return found.level, found.state


def test_with_everything_in_order_it_is_open() -> None:
    decision = ask()
    assert decision.is_open
    assert [condition.key for condition in decision.conditions] == list(BY_KEY)


def test_a_required_gate_closes_and_an_advisory_one_only_tells() -> None:
    assert not ask(UNOWNED).is_open
    told = ask(replace(FINE, size=changing("")))
    assert told.is_open
    assert state(told, "one_change") == ("advisory", "unmet")


def test_a_level_that_was_set_counts_before_the_tables() -> None:
    lenient = Rules(tier="production", levels={"owner": "advisory", "one_change": "off"})
    decision = ask(replace(UNOWNED, size=changing("")), lenient)
    assert decision.is_open
    assert state(decision, "owner") == ("advisory", "unmet")
    assert "one_change" not in {condition.key for condition in decision.conditions}


def test_an_override_lets_one_gate_pass_and_no_other() -> None:
    decision = ask(replace(UNOWNED, expected_result=""), PRODUCTION, ALICE)
    assert state(decision, "owner") == ("required", "overridden")
    assert [condition.key for condition in decision.unmet] == ["expected_result"]


@pytest.mark.parametrize(("key", "changed"), [case[:2] for case in UNMET])
def test_every_gate_that_is_required_and_unmet_closes_until_it_is_overridden(
    key: str, changed: dict[str, object]
) -> None:
    facts, rules = replace(FINE, **changed), Rules(tier="production", levels={key: "required"})  # type: ignore[arg-type]
    assert state(ask(facts, rules), key) == ("required", "unmet")
    assert not ask(facts, rules).is_open
    heard = ask(facts, rules, replace(ALICE, gate=key))
    assert state(heard, key) == ("required", "overridden")
    assert key not in {condition.key for condition in heard.unmet}


def test_an_override_of_what_was_mended_since_is_not_needed() -> None:
    assert state(ask(FINE, PRODUCTION, ALICE), "owner") == ("required", "met")


@pytest.mark.parametrize("mode", [Mode.ROLLBACK, Mode.REDEPLOY])
def test_going_back_and_the_same_again_are_never_stopped(mode: Mode) -> None:
    nothing = replace(
        FINE, answerable="", expected_result="", checklist=checked(unit="open"), measured=[], ran=None
    )
    decision = ask(nothing, mode=mode)
    assert decision.is_open
    assert {condition.level for condition in decision.conditions} == {"advisory"}


@pytest.mark.parametrize(
    ("leads", "four_eyes", "enough"),
    [
        ([], False, False),
        (["alice"], False, True),
        (["alice"], True, False),  # her own release
        (["adam"], True, True),
        (["alice", "amy"], True, True),
        (["alice", "alice"], True, False),
    ],
)
def test_four_eyes_are_two_people_or_one_who_is_not_the_releases(
    leads: list[str], four_eyes: bool, enough: bool
) -> None:
    assert suffices(leads, {"alice", "amy"}, four_eyes=four_eyes) is enough


@given(st.lists(st.sampled_from("abc")), st.sets(st.sampled_from("abc")))
def test_another_word_never_takes_a_permission_away(leads: list[str], own: set[str]) -> None:
    for four_eyes in (False, True):
        before = suffices(leads, own, four_eyes=four_eyes)
        assert not before or suffices([*leads, "d"], own, four_eyes=four_eyes)
        assert suffices(leads, own, four_eyes=True) <= suffices(leads, own, four_eyes=False)


def test_the_way_is_the_one_the_fold_would_take() -> None:
    old, new = (NOON, "native", "1"), (NOON + timedelta(hours=1), "native", "2")
    assert mode_of(None, new) == mode_of(None, None) == mode_of(new, old) == Mode.FORWARD
    assert mode_of(new, new) == Mode.REDEPLOY
    assert mode_of(old, new) == Mode.ROLLBACK


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "hotfix",
        "asdf asdf asdf asdf asdf asdf",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "because because because because",
        "........................",
        "ok ok ok we ok ok ok we ok we",
    ],
)
def test_keys_that_were_hit_are_no_reason(text: str) -> None:
    assert lacks_substance(text)


@pytest.mark.parametrize(
    "text",
    [
        "The fix for the outage; the rehearsal follows tomorrow at ten.",
        "Kunden können nicht bezahlen, die Prüfung folgt am Montag.",
        "支払いが止まっているため先に出します。リハーサルは明日行います。",
    ],
)
def test_a_sentence_is_a_reason_in_any_script(text: str) -> None:
    assert lacks_substance(text) is None
