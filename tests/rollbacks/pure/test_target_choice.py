"""Which release to go back to."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from releasedesk.rollbacks.target import Candidate, Choice, PassedOver, Why, choose


def releases(*versions: str, **faults: str) -> list[Candidate]:
    """Candidates in the order of rank; a fault names the versions that have it, parted by commas."""
    return [
        Candidate(version, rank, **{fault: version in having.split(",") for fault, having in faults.items()})
        for rank, version in enumerate(versions)
    ]


def test_the_target_is_the_newest_release_below_the_live_one() -> None:
    assert choose(releases("1", "2", "3"), "3").target == "2"


def test_what_is_newer_than_live_is_neither_target_nor_passed_over() -> None:
    assert choose(releases("1", "2", "3"), "2") == Choice("1")


def test_a_release_that_was_rolled_back_is_passed_over() -> None:
    choice = choose(releases("1", "2", "3", marked="2"), "3")
    assert choice == Choice("1", (PassedOver("2", Why.ROLLED_BACK),))


def test_a_suspect_release_is_passed_over_but_may_be_named() -> None:
    choice = choose(releases("1", "2", "3", suspect="2"), "3")
    assert (choice.target, choice.may_name) == ("1", ("2",))


def test_a_release_behind_a_point_of_no_return_is_passed_over() -> None:
    choice = choose(releases("1", "2", beyond_point_of_no_return="1"), "2")
    assert choice == Choice(None, (PassedOver("1", Why.POINT_OF_NO_RETURN),))


def test_when_only_suspect_releases_are_left_there_is_no_target_and_they_are_listed_newest_first() -> None:
    choice = choose(releases("1", "2", "3", "4", suspect="1,2,3", marked="2"), "4")
    assert choice.target is None
    assert choice.suspects == ("3", "1")


def test_a_good_release_older_than_the_target_may_be_named() -> None:
    assert choose(releases("1", "2", "3"), "3").passed_over == (PassedOver("1", Why.OLDER),)


def test_the_worst_of_several_reasons_is_told() -> None:
    everything = Candidate("1", 0, marked=True, suspect=True, beyond_point_of_no_return=True)
    live = Candidate("2", 1)
    whys = [
        choose([candidate, live], "2").passed_over[0].why
        for candidate in (
            everything,
            replace(everything, beyond_point_of_no_return=False),
            replace(everything, beyond_point_of_no_return=False, marked=False),
        )
    ]
    assert whys == [Why.POINT_OF_NO_RETURN, Why.ROLLED_BACK, Why.SUSPECT]


def test_the_first_release_has_no_target() -> None:
    assert choose(releases("1"), "1") == Choice(None)


def test_nothing_live_or_a_live_one_that_never_succeeded_has_no_target() -> None:
    assert choose(releases("1", "2"), None) == Choice(None)
    assert choose(releases("1", "2"), "9") == Choice(None)


def test_every_reason_has_its_words() -> None:
    assert all(why.words for why in Why)


candidates = st.lists(
    st.builds(
        Candidate, st.text("abcdef", min_size=1), st.integers(), st.booleans(), st.booleans(), st.booleans()
    ),
    unique_by=(lambda c: c.version, lambda c: str(c.rank)),
    min_size=1,
)


@given(st.data(), candidates)
def test_the_target_has_no_fault_and_every_better_one_has(
    data: st.DataObject, known: list[Candidate]
) -> None:
    live = data.draw(st.sampled_from(known))
    choice = choose(data.draw(st.permutations(known)), live.version)
    below = {c.version: c for c in known if c.rank < live.rank}
    good = {v for v, c in below.items() if not (c.marked or c.suspect or c.beyond_point_of_no_return)}
    assert choice.target == max(good, key=lambda version: below[version].rank, default=None)
    named = [*choice.may_name, *([choice.target] if choice.target else [])]
    assert sorted(named) == sorted(below)
    assert {o.version for o in choice.passed_over if o.why is Why.OLDER} == good - {choice.target}
