"""What must hold of the fold whatever happened, in whatever order it was heard."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from releasedesk.releases.history import JOIN_WITHIN, Fact, Fold, Kind, Mode, Status, fold

START = datetime(2026, 11, 23, tzinfo=UTC)

# Few values, so that ties, repeated versions and shared runs are common and not curiosities.
facts = st.builds(
    Fact,
    kind=st.sampled_from(Kind),
    occurred_at=st.sampled_from([0, 1, 2, 3, 30, 70, 1439, 1440, 1441, 3000]).map(
        lambda minutes: START + timedelta(minutes=minutes)
    ),
    source=st.sampled_from(["native", "gh", "ü"]),
    id=st.sampled_from(["1", "2", "10", "é"]),
    version=st.sampled_from(["1.0", "1.1", "2.0", "0.9"]),
    run=st.sampled_from(["", "7", "8"]),
)
fact_sets = st.lists(facts, max_size=30)


@given(st.data(), fact_sets)
def test_any_order_and_any_repetition_give_an_equal_history(data: st.DataObject, told: list[Fact]) -> None:
    again = data.draw(st.lists(st.sampled_from(told), max_size=10)) if told else []
    shuffled = data.draw(st.permutations(told + again))
    history = fold(told)
    assert fold(shuffled) == history
    assert list(fold(shuffled).standings) == list(history.standings)


@given(fact_sets, st.integers(0, 30))
def test_going_on_from_any_point_equals_folding_it_all(told: list[Fact], point: int) -> None:
    in_order = sorted(set(told), key=lambda fact: fact.order)
    folding = Fold.resume(fold(in_order[:point]))
    for fact in in_order[point:]:
        folding.add(fact)
    assert folding.result() == fold(told)


@given(fact_sets)
def test_every_fact_is_in_exactly_one_deployment(told: list[Fact]) -> None:
    placed = [fact for d in fold(told).deployments for fact in (d.start, d.finish) if fact]
    assert sorted(f.order for f in placed) == sorted(f.order for f in set(told))


@given(fact_sets)
def test_a_finish_is_joined_to_a_start_of_its_own_within_24_hours(told: list[Fact]) -> None:
    for deployment in fold(told).deployments:
        start, finish = deployment.start, deployment.finish
        assert deployment.status.value == (finish.kind.value if finish else "started")
        if start and finish:
            assert timedelta(0) <= finish.occurred_at - start.occurred_at <= JOIN_WITHIN
            assert start.version == finish.version or start.run == finish.run != ""


@given(fact_sets)
def test_no_finish_stands_alone_while_a_start_it_could_close_stays_open(told: list[Fact]) -> None:
    deployments = fold(told).deployments
    alone = [d.finish for d in deployments if d.finish and not d.start]
    never_closed = [d.start for d in deployments if d.start and not d.finish]
    for finish in alone:
        for start in never_closed:
            kin = start.version == finish.version or start.run == finish.run != ""
            near = timedelta(0) <= finish.occurred_at - start.occurred_at <= JOIN_WITHIN
            assert not (kin and near)


@given(fact_sets)
def test_live_is_the_success_with_the_greatest_time_then_source_then_id(told: list[Fact]) -> None:
    live = fold(told).live
    by_the_definition = max(
        (fact for fact in told if fact.kind is Kind.SUCCEEDED),
        key=lambda f: (f.occurred_at, f.source.encode(), f.id.encode(), f.version.encode(), f.run),
        default=None,
    )
    assert (live and live.success) == by_the_definition


@given(fact_sets)
def test_what_is_live_carries_no_mark_and_a_mark_is_younger_than_the_last_success(told: list[Fact]) -> None:
    history = fold(told)
    for standing in history.standings.values():
        mark = standing.rolled_back_by
        if mark:
            assert history.live
            assert standing.version != history.live.version
            assert standing.last_success.order < mark.order
            assert standing.rank > history.standings[mark.version].rank


@given(fact_sets)
def test_modes_follow_from_the_ranks(told: list[Fact]) -> None:
    history = fold(told)
    successes = [d for d in history.deployments if d.status is Status.SUCCEEDED and d.finish]
    successes.sort(key=lambda d: d.finish.order if d.finish else ())
    live: str | None = None
    for deployment in successes:
        assert deployment.replaced == live
        rank = history.standings[deployment.version].rank
        if live is None or rank > history.standings[live].rank:
            assert deployment.mode is Mode.FORWARD
        else:
            assert deployment.mode is (Mode.REDEPLOY if live == deployment.version else Mode.ROLLBACK)
        live = deployment.version
    assert all(d.mode is None is d.replaced for d in history.deployments if d.status is not Status.SUCCEEDED)


@given(fact_sets)
def test_standings_are_kept_in_the_order_of_rank(told: list[Fact]) -> None:
    ranks = [standing.rank for standing in fold(told).standings.values()]
    assert ranks == sorted(ranks)


@given(fact_sets)
def test_a_release_is_marked_when_a_rollback_went_below_it_since_its_last_success(told: list[Fact]) -> None:
    """The marks once more, straight from their definition and without a fold."""
    history = fold(told)
    rollbacks = [d for d in history.deployments if d.mode is Mode.ROLLBACK and d.finish and d.replaced]
    for standing in history.standings.values():
        left = [
            d.finish.order
            for d in rollbacks
            if d.finish
            and d.replaced
            and d.finish.order > standing.last_success.order
            and history.standings[d.version].rank < standing.rank <= history.standings[d.replaced].rank
        ]
        assert (standing.rolled_back_by and standing.rolled_back_by.order) == min(left, default=None)
