"""Several jobs that decide one item."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from releasedesk.checklists.jobs import decisive


@dataclass
class Run:
    job: str
    outcome: str


runs = st.lists(st.builds(Run, st.sampled_from("abc"), st.sampled_from(["passed", "failed"])))


@given(runs)
def test_an_item_has_passed_where_the_latest_of_each_job_has(told: list[Run]) -> None:
    decided = decisive(told)
    assert len(decided) == len(told)
    for index, one in enumerate(decided):
        latest = {run.job: run.outcome for run in told[: index + 1]}
        assert one.outcome == ("failed" if "failed" in latest.values() else "passed")
        assert any(one is run for run in told[: index + 1])
        assert latest[one.job] == one.outcome


@given(st.lists(st.builds(Run, st.just("a"), st.sampled_from(["passed", "failed"]))))
def test_of_one_job_each_decides(told: list[Run]) -> None:
    assert list(decisive(told)) == told
