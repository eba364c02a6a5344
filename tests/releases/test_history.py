"""Every rule of the fold as a sentence."""

from datetime import UTC, datetime, timedelta

import pytest

from releasedesk.releases.history import Fact, Fold, History, Kind, Mode, Status, fold

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def fact(
    kind: str, version: str, minute: float = 0, ident: str = "", run: str = "", source: str = "native"
) -> Fact:
    ident = ident or f"{kind}-{version}-{minute}"
    return Fact(Kind(kind), NOON + timedelta(minutes=minute), source, ident, version, run)


def successes(*versions: str) -> list[Fact]:
    return [fact("succeeded", version, minute) for minute, version in enumerate(versions)]


def live_after(*versions: str) -> str | None:
    live = fold(successes(*versions)).live
    return live.version if live else None


def modes(*versions: str) -> list[Mode | None]:
    return [deployment.mode for deployment in fold(successes(*versions)).deployments]


def marked(history: History) -> set[str]:
    return {s.version for s in history.standings.values() if s.rolled_back_by}


def test_nothing_reported_is_an_empty_history() -> None:
    assert fold([]) == History((), {}, None)


def test_a_start_alone_is_a_started_deployment_without_a_mode() -> None:
    (deployment,) = fold([fact("started", "1")]).deployments
    assert (deployment.status, deployment.mode, deployment.seconds) == (Status.STARTED, None, None)


def test_a_finish_closes_its_start_and_the_seconds_are_between_them() -> None:
    (deployment,) = fold([fact("started", "1", 0), fact("succeeded", "1", 2)]).deployments
    assert deployment.status is Status.SUCCEEDED
    assert deployment.seconds == 120
    assert (deployment.started_at, deployment.finished_at) == (NOON, NOON + timedelta(minutes=2))


def test_a_late_start_is_joined_to_its_finish() -> None:
    started, succeeded = fact("started", "1", 0), fact("succeeded", "1", 2)
    assert fold([succeeded, started]) == fold([started, succeeded])


def test_a_finish_without_a_start_stands_alone() -> None:
    (deployment,) = fold([fact("failed", "1")]).deployments
    assert (deployment.status, deployment.started_at, deployment.seconds) == (Status.FAILED, None, None)


def test_a_failure_closes_the_start_so_that_a_later_success_stands_alone() -> None:
    first, second = fold(
        [fact("started", "1", 0), fact("failed", "1", 1), fact("succeeded", "1", 2)]
    ).deployments
    assert first.status is Status.FAILED
    assert second.start is None


def test_a_failure_has_no_mode_and_changes_nothing_that_is_live() -> None:
    history = fold([*successes("1"), fact("failed", "2", 5)])
    assert history.deployments[-1].mode is None
    assert history.live
    assert history.live.version == "1"
    assert "2" not in history.standings


def test_a_finish_closes_the_latest_of_two_open_starts() -> None:
    early, late = fold(
        [fact("started", "1", 0), fact("started", "1", 5), fact("succeeded", "1", 6)]
    ).deployments
    assert early.status is Status.STARTED
    assert late.seconds == 60


def test_a_start_is_closed_only_once() -> None:
    facts = [
        fact("started", "1", 0),
        fact("started", "1", 5),
        fact("failed", "1", 6),
        fact("succeeded", "1", 7),
    ]
    early, late = fold(facts).deployments
    assert (early.status, early.seconds) == (Status.SUCCEEDED, 420)
    assert (late.status, late.seconds) == (Status.FAILED, 60)


def test_a_finish_closes_the_start_of_its_own_run_before_a_later_one_of_the_version() -> None:
    facts = [
        fact("started", "1", 0, run="a"),
        fact("started", "1", 5, run="b"),
        fact("succeeded", "1", 6, run="a"),
    ]
    own, other = fold(facts).deployments
    assert (own.seconds, other.status) == (360, Status.STARTED)


def test_a_run_joins_a_start_that_did_not_know_its_version_yet() -> None:
    (deployment,) = fold(
        [fact("started", "9f3c", 0, run="8812"), fact("succeeded", "1.4", 1, run="8812")]
    ).deployments
    assert (deployment.version, deployment.seconds) == ("1.4", 60)


def test_an_empty_run_joins_nothing_of_another_version() -> None:
    assert len(fold([fact("started", "1", 0), fact("succeeded", "2", 1)]).deployments) == 2


def test_two_versions_of_one_run_each_close_their_own_start() -> None:
    facts = [
        *(fact("started", version, minute, run="7") for minute, version in enumerate("ab")),
        *(fact("succeeded", version, 2 + minute, run="7") for minute, version in enumerate("ab")),
    ]
    assert [d.seconds for d in fold(facts).deployments] == [120, 120]


@pytest.mark.parametrize(("minutes", "joined"), [(24 * 60, True), (24 * 60 + 1 / 60, False)])
def test_a_start_is_joined_for_24_hours_and_not_longer(minutes: float, joined: bool) -> None:
    deployments = fold([fact("started", "1", 0), fact("succeeded", "1", minutes)]).deployments
    assert (len(deployments) == 1) is joined


@pytest.mark.parametrize(("minutes", "status"), [(60, Status.STARTED), (60 + 1 / 60, Status.LOST)])
def test_an_open_start_is_lost_after_60_minutes(minutes: float, status: Status) -> None:
    history = fold([fact("started", "1")])
    now = NOON + timedelta(minutes=minutes)
    assert history.deployments[0].status_at(now) is status
    assert bool(history.running_at(now)) is (status is Status.STARTED)


def test_what_finished_is_never_lost() -> None:
    (deployment,) = fold([fact("started", "1", 0), fact("failed", "1", 90)]).deployments
    assert deployment.status_at(NOON + timedelta(days=9)) is Status.FAILED


def test_a_start_and_a_finish_of_one_instant_are_joined_whatever_their_ids() -> None:
    (deployment,) = fold(
        [fact("succeeded", "1", 0, ident="a"), fact("started", "1", 0, ident="z")]
    ).deployments
    assert deployment.seconds == 0


def test_of_two_successes_at_one_instant_the_larger_source_then_id_is_live() -> None:
    by_source = [fact("succeeded", "1", ident="z", source="a"), fact("succeeded", "2", ident="a", source="b")]
    by_id = [fact("succeeded", "1", ident="10"), fact("succeeded", "2", ident="9")]
    for history in (fold(by_source), fold(by_id)):
        assert history.live
        assert history.live.version == "2"


def test_ties_are_broken_by_the_bytes_of_utf_8_and_not_by_case_or_language() -> None:
    texts = ["Z", "a", "ä", "中", "\uffff", "\U0001f600", "", "aa", "a-"]
    facts = [fact("succeeded", text or "none", ident=text or "-", source=text) for text in texts]
    in_bytes = sorted(facts, key=lambda f: (f.source.encode(), f.id.encode()))
    assert [d.finish for d in fold(facts).deployments] == in_bytes


def test_a_new_release_goes_forward_and_knows_what_it_replaced() -> None:
    assert modes("1", "2") == [Mode.FORWARD, Mode.FORWARD]
    assert [d.replaced for d in fold(successes("1", "2")).deployments] == [None, "1"]


def test_the_same_release_again_is_a_redeploy() -> None:
    assert modes("1", "1") == [Mode.FORWARD, Mode.REDEPLOY]


def test_an_older_release_that_succeeds_again_is_a_rollback_and_marks_what_it_left() -> None:
    history = fold(successes("1", "2", "3", "1"))
    assert history.deployments[-1].mode is Mode.ROLLBACK
    assert history.deployments[-1].replaced == "3"
    assert marked(history) == {"2", "3"}
    assert history.standings["3"].rolled_back_by == history.deployments[-1].finish


def test_a_rollback_of_a_rollback_goes_forward_and_lifts_only_its_own_mark() -> None:
    history = fold(successes("1", "2", "3", "1", "3"))
    assert history.deployments[-1].mode is Mode.FORWARD
    assert marked(history) == {"2"}


def test_a_mark_stays_with_the_rollback_that_took_the_release_away() -> None:
    history = fold(successes("1", "2", "3", "1", "3", "1"))
    first, second = (d.finish for d in history.deployments if d.mode is Mode.ROLLBACK)
    assert history.standings["2"].rolled_back_by == first
    assert history.standings["3"].rolled_back_by == second


def test_a_release_between_that_only_failed_is_not_marked() -> None:
    facts = [
        *successes("1"),
        fact("failed", "2", 1),
        fact("succeeded", "3", 2),
        fact("succeeded", "1", 3, "again"),
    ]
    assert marked(fold(facts)) == {"3"}


def test_a_rollback_marks_nothing_above_what_was_live() -> None:
    assert marked(fold(successes("1", "2", "3", "2", "1"))) == {"2", "3"}
    by = fold(successes("1", "2", "3", "2", "1"))
    assert by.standings["3"].rolled_back_by == by.deployments[3].finish
    assert by.standings["2"].rolled_back_by == by.deployments[4].finish


def test_the_rank_is_the_first_success_however_often_a_release_succeeds_again() -> None:
    assert modes("1", "2", "1", "2") == [Mode.FORWARD, Mode.FORWARD, Mode.ROLLBACK, Mode.FORWARD]


def test_the_name_of_a_version_says_nothing_of_its_rank() -> None:
    assert modes("2.0", "1.9") == [Mode.FORWARD, Mode.FORWARD]


def test_a_success_that_arrives_late_takes_its_place_and_changes_the_modes_after_it() -> None:
    later = successes("2", "1")[0], fact("succeeded", "1", 9)
    assert [d.mode for d in fold(later).deployments] == [Mode.FORWARD, Mode.FORWARD]
    early = fact("succeeded", "1", -9)
    assert [d.mode for d in fold([*later, early]).deployments] == [Mode.FORWARD, Mode.FORWARD, Mode.ROLLBACK]


def test_live_is_the_last_success_and_says_since_when() -> None:
    assert live_after("1", "2", "1") == "1"
    live = fold(successes("1", "2", "1")).live
    assert live
    assert (live.since, live.mode) == (NOON + timedelta(minutes=2), Mode.ROLLBACK)


def test_live_remembers_the_rollback_it_came_by_over_redeploys_until_it_goes_forward() -> None:
    by_rollback, redeployed, forward = (
        fold(successes(*versions)).live for versions in ("121", "1211", "12113")
    )
    assert by_rollback
    assert redeployed
    assert forward
    assert by_rollback.rollback == by_rollback.success
    assert redeployed.rollback == by_rollback.rollback
    assert forward.rollback is None


def test_a_fact_told_twice_counts_once() -> None:
    facts = [fact("started", "1", 0), fact("succeeded", "1", 1)]
    assert fold(facts * 3) == fold(facts)


def test_adding_answers_the_deployment_that_the_fact_began_or_ended() -> None:
    folding = Fold()
    begun = folding.add(fact("started", "1", 0))
    ended = folding.add(fact("succeeded", "1", 1))
    assert begun
    assert ended
    assert begun.start is ended.start
    assert folding.add(fact("succeeded", "1", 1)) is None


def test_adding_refuses_a_fact_that_belongs_earlier() -> None:
    folding = Fold()
    folding.add(fact("succeeded", "2", 1))
    with pytest.raises(ValueError, match="comes before"):
        folding.add(fact("succeeded", "1", 0))


def test_a_resumed_fold_needs_only_the_deployments_that_can_still_change() -> None:
    facts = [*successes("1", "2", "1"), fact("started", "3", 10)]
    before = fold(facts)
    folding = Fold.resume(History(before.deployments[-1:], before.standings, before.live))
    ended = folding.add(fact("succeeded", "3", 12))
    whole = fold([*facts, fact("succeeded", "3", 12)])
    assert ended == whole.deployments[-1]
    assert (folding.result().standings, folding.result().live) == (whole.standings, whole.live)
