"""What is said about a plan while it is written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasedesk.rollbacks.bodies import PlanBody
from releasedesk.rollbacks.review import review
from releasedesk.rollbacks.starters import STARTERS

TRIGGERS = [{"metric": "response_ms_p95", "above": 230}]


def codes(*commands: str, **plan: Any) -> list[str]:
    """The codes for a plan whose steps have these commands and everything else."""
    steps = [{"instruction": "Do it", "command": command, "check": "it is done"} for command in commands]
    whole = {"steps": steps, "triggers": TRIGGERS, "data": "stays", **plan.pop("plan", {})}
    return [remark.code for remark in review(whole, **plan)]


def test_a_good_plan_leaves_nothing_to_say() -> None:
    assert codes("deploy {service} {environment} {target_version}", "curl -fsS https://shop/health") == []


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("deploy {target_versoin} {target_version}", "undefined"),
        ("ssh web1 'deploy {target_version}'", "read_twice"),
        ('bash -c "deploy {target_version}"', "read_twice"),
        ("eval deploy {target_version}", "read_twice"),
        ("deploy $(image {target_version})", "nested"),
        ("deploy `image {target_version}`", "nested"),
        ("./manage.py migrate shop 0004 # {target_version}", "migrates_backwards"),
        ("alembic downgrade -1 # {target_version}", "migrates_backwards"),
        ("rm -rf /srv/{target_version}", "destroys"),
        ("psql -c 'drop table basket' {target_version}", "destroys"),
        ("deploy --token=abcdef12 {target_version}", "secret"),
        ("pg_restore postgres://me:hunter2@db/{target_version}", "secret"),
    ],
)
def test_what_is_unsafe_is_said(command: str, code: str) -> None:
    assert codes(command) == [code]


@pytest.mark.parametrize(
    "command",
    [
        "deploy --token=$TOKEN {target_version}",
        "psql postgres://me:$PASSWORD@db/{target_version}",
        "./manage.py migrate && deploy {target_version}",
        "ssh web1 systemctl restart shop # {target_version}",
    ],
)
def test_what_only_looks_unsafe_is_not(command: str) -> None:
    assert set(codes(command)) <= {"read_twice"}


def test_a_version_written_out_is_said_and_only_a_known_one() -> None:
    assert codes("deploy 1.9.3 {target_version}", versions=["1.9.3", "1.9.4"]) == ["literal_version"]
    assert codes("deploy 1.9.3 {target_version}", versions=["1.9.4"]) == []


def test_going_back_over_a_migration_that_cannot_be_undone_is_said() -> None:
    found = codes("./manage.py migrate shop 0004 {target_version}", irreversible_release=True)
    assert found == ["migrates_backwards", "past_point_of_no_return"]


def test_what_is_missing_is_said() -> None:
    assert [remark.code for remark in review({})] == ["no_steps"]
    found = review({"steps": [{"instruction": "Deploy", "command": "deploy"}]})
    assert [(remark.at, remark.code) for remark in found] == [
        ("steps/0/check", "unchecked"),
        ("steps", "no_target"),
        ("triggers", "no_trigger"),
        ("data", "no_data"),
    ]


@pytest.mark.parametrize("starter", STARTERS, ids=lambda starter: starter.key)
def test_every_starter_is_a_plan_that_leaves_nothing_unsafe(starter: Any) -> None:
    PlanBody.read(dict(starter.plan))
    allowed = {"no_target"} if starter.key in {"kubernetes", "flag"} else set()
    assert {remark.code for remark in review(starter.plan)} <= allowed


@given(
    st.dictionaries(
        st.sampled_from(["steps", "triggers", "data"]),
        st.none()
        | st.text()
        | st.lists(st.none() | st.dictionaries(st.sampled_from(["command", "check"]), st.text())),
    )
)
def test_whatever_is_typed_is_answered(plan: dict[str, Any]) -> None:
    assert all(remark.words for remark in review(plan))
