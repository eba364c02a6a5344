"""How two plans differ."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from releasedesk.rollbacks.difference import Line, difference, is_equal, written

DEPLOY = {"instruction": "Deploy", "command": "deploy {target_version}", "seconds": 60}
LOOK = {"instruction": "Look", "check": "it is alive", "irreversible": True}


def plan(*steps: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"steps": steps, **fields}


def test_a_changed_command_is_one_line_out_and_one_in() -> None:
    changed = {**DEPLOY, "command": "deploy --fast {target_version}"}
    assert difference(plan(DEPLOY), plan(changed)) == [
        Line("same", "Step: Deploy"),
        Line("removed", "  $ deploy {target_version}"),
        Line("added", "  $ deploy --fast {target_version}"),
        Line("same", "  About 60 s"),
    ]


def test_one_more_step_moves_none_of_the_others() -> None:
    found = difference(plan(DEPLOY), plan(LOOK, DEPLOY))
    assert [line.text for line in found if line.kind == "added"] == [
        "Step: Look",
        "  Check: it is alive",
        "  Cannot be undone",
    ]
    assert not any(line.kind == "removed" for line in found)


def test_triggers_and_data_are_compared_too() -> None:
    trigger = {"metric": "response_ms_p95", "above": 230, "for_minutes": 5}
    found = difference(plan(), plan(triggers=[trigger], data_words="New data stays", data_note="one\ntwo"))
    assert [line.text for line in found] == [
        "Go back when p95 above 230 ms for 5 min",
        "Data: New data stays",
        "Data: one",
        "Data: two",
    ]


STEPS = st.lists(st.sampled_from([DEPLOY, LOOK, {"instruction": "Wait"}]), max_size=6)


@given(STEPS, STEPS)
def test_each_side_can_be_read_back(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> None:
    lines = difference(plan(*old), plan(*new))
    assert [line.text for line in lines if line.kind != "added"] == list(written(plan(*old)))
    assert [line.text for line in lines if line.kind != "removed"] == list(written(plan(*new)))
    assert is_equal(lines) == (old == new)
