"""Commits and what CI found about them reach their releases, whichever is told first."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial

import pytest

from releasedesk.accounts.models import Team, User
from releasedesk.accounts.roles import DESK, Actor, Role
from releasedesk.actions.commits import Pushed, record_commit_check, record_commits
from releasedesk.actions.decide_item import Decision, decide_item
from releasedesk.actions.published import Publication, record_publication
from releasedesk.catalog.models import Service
from releasedesk.checklists.models import Decided, Item
from releasedesk.ingest import native
from releasedesk.ingest.lists import receive_all
from releasedesk.problems.problem import Problem
from releasedesk.releases.models import Change, Commit, CommitCheck, Release
from tests.builders import NOON, event, make_deployment, make_release, make_service, make_team, minutes
from tests.releases.folded import ci_of

pytestmark = pytest.mark.django_db
A, B, C, D = (letter * 40 for letter in "abcd")


@pytest.fixture
def checkout(payments: Team) -> Service:
    return make_service("checkout-api", payments)


def push(service: Service, *shas: str, before: str = "", at: int = 0, actor: Actor = DESK) -> None:
    parents = [before, *shas]
    commits = [Pushed(sha, parent, f"say {sha[0]}") for sha, parent in zip(shas, parents, strict=False)]
    record_commits(
        actor, service, commits, at=NOON + minutes(at), source="hook", key=f"push-{shas[0][0]}-{at}"
    )


def check(service: Service, sha: str, outcome: str = "passed", at: int = 0, job: str = "") -> None:
    found = CommitCheck(
        sha=sha,
        item="unit_tests",
        job=job,
        outcome=outcome,
        url=f"https://ci.example/{job}/{at}" if job else "",
        occurred_at=NOON + minutes(at),
        source="hook",
        key=f"run-{sha[0]}-{at}",
    )
    record_commit_check(DESK, service, found)


def tagged(service: Service, version: str, commit: str, at: int = 0) -> Release:
    said = Publication(version, NOON + minutes(at), "hook", f"tag-{version}-{at}", is_tag=True, commit=commit)
    return record_publication(DESK, service, said, now=NOON)


def brought() -> dict[str, str]:
    found: dict[str, str] = {}
    for version, sha in Change.objects.order_by("sha").values_list("release__version", "sha"):
        found[version] = found.get(version, "") + sha[0]
    return found


def ticked() -> dict[str, str]:
    return dict(Item.objects.filter(key="unit_tests").values_list("release__version", "outcome"))


DAY: list[Callable[[Service], object]] = [
    lambda service: push(service, A, B),
    lambda service: push(service, C, D, before=B),
    lambda service: tagged(service, "1.0", B),
    lambda service: make_deployment(service, "2.0", commit=D),
    lambda service: check(service, B),
    lambda service: check(service, D, "failed", at=1),
    lambda service: check(service, D, "passed", at=0),
]


@pytest.mark.parametrize("seed", range(12))
def test_whatever_comes_first_the_releases_end_up_the_same(checkout: Service, seed: int) -> None:
    step = 421  # of 5,040 orders: far apart from each other
    for tell in next(itertools.islice(itertools.permutations(DAY), seed * step, None)):
        tell(checkout)
    assert brought() == {"1.0": "ab", "2.0": "cd"}
    assert ticked() == {"1.0": "passed", "2.0": "failed"}


def test_a_release_that_becomes_known_between_two_takes_its_commits(checkout: Service) -> None:
    push(checkout, A, B, C, D)
    tagged(checkout, "2.0", D)
    assert brought() == {"2.0": "abcd"}
    tagged(checkout, "1.0", B)
    assert brought() == {"1.0": "ab", "2.0": "cd"}


def test_what_was_reported_for_a_release_stays(checkout: Service) -> None:
    release = make_release(checkout, "1.0", changes=[{"sha": B[:8], "subject": "as CI tells it"}])
    push(checkout, A, B)
    tagged(checkout, "1.0", B)
    assert sorted(release.changes.values_list("sha", "subject")) == [(A, "say a"), (B[:8], "as CI tells it")]


def test_a_plan_that_names_its_commit_brings_what_was_pushed(checkout: Service) -> None:
    push(checkout, A, B)
    check(checkout, B)
    make_release(checkout, "1.0", commit=B[:9])
    assert brought() == {"1.0": "ab"}
    assert ticked() == {"1.0": "passed"}


def test_of_two_pushes_of_one_commit_the_later_counts(checkout: Service) -> None:
    push(checkout, C, before=B, at=2)
    push(checkout, C, before=A, at=1)
    assert Commit.objects.get().parent == B


def test_a_tag_that_moved_names_its_later_commit(checkout: Service) -> None:
    tagged(checkout, "1.0", B, at=2)
    release = tagged(checkout, "1.0", A, at=1)
    release.refresh_from_db()
    assert release.sha == B


def test_a_tag_ticks_its_item(checkout: Service) -> None:
    tagged(checkout, "1.0", B)
    assert Item.objects.get(key="tag").outcome == "passed"


def test_nothing_reaches_another_service(checkout: Service, payments: Team) -> None:
    other = make_service("ledger", payments)
    push(checkout, A, B)
    check(checkout, B)
    tagged(other, "1.0", B)
    assert brought() == {}
    assert ticked() == {"1.0": "open"}


def test_a_check_of_an_item_that_a_release_does_not_have_is_left(checkout: Service) -> None:
    tagged(checkout, "1.0", B)
    found = CommitCheck(sha=B, item="flavour", outcome="passed", occurred_at=NOON, source="hook", key="1")
    record_commit_check(DESK, checkout, found)
    assert not Item.objects.filter(outcome="passed").exclude(key="tag").exists()


def test_charlie_tells_nothing_of_our_service(checkout: Service) -> None:
    search = make_team("search")
    charlies = Actor("hook", roles={search.pk: Role.ENGINEER})
    with pytest.raises(Problem):
        push(checkout, A, actor=charlies)
    with pytest.raises(Problem):
        record_publication(charlies, checkout, Publication("1.0", NOON, "hook", "1", is_tag=True), now=NOON)
    found = CommitCheck(sha=B, item="lint", outcome="passed", occurred_at=NOON, source="hook", key="1")
    with pytest.raises(Problem):
        record_commit_check(charlies, checkout, found)
    assert not any(model.objects.exists() for model in (Commit, Release, CommitCheck))


# -- a release that was of one commit, and then of another


MOVES = {
    "back": ([("1.0", C, 1), ("1.0", B, 2)], {"1.0": "ab", "2.0": "cd"}),
    "on": ([("1.0", B, 1), ("1.0", C, 2)], {"1.0": "abc", "2.0": "d"}),
    "to one nobody knows": ([("1.0", B, 1), ("1.0", "e" * 40, 2)], {"2.0": "abcd"}),
    "to one nobody knows, and nobody stands on the former": (
        [("2.0", B, 1), ("2.0", "e" * 40, 2)],
        {},
    ),
}


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("order", [*itertools.permutations(range(4))][::5])
def test_a_tag_that_moves_takes_its_commits_along(
    checkout: Service, move: str, order: tuple[int, ...]
) -> None:
    tags, brings = MOVES[move]
    day: list[Callable[[], object]] = [
        lambda: push(checkout, A, B, C, D),
        *(partial(tagged, checkout, version, sha, at) for version, sha, at in tags),
        lambda: tagged(checkout, "2.0", D, at=0),
    ]
    for number in order:
        day[number]()
    assert brought() == brings


@pytest.mark.parametrize("order", [*itertools.permutations(range(5))][::7])
def test_only_checks_of_the_commit_it_has_count_for_a_release(
    checkout: Service, order: tuple[int, ...]
) -> None:
    """It was deployed from one commit and then from another: that the first was sound says nothing of it."""
    day: list[Callable[[], object]] = [
        lambda: make_deployment(checkout, "1.0", commit=B, at=NOON),
        lambda: make_deployment(checkout, "1.0", commit=D, at=NOON + minutes(9)),
        lambda: check(checkout, B, "passed", at=12),
        lambda: check(checkout, D, "failed", at=10),
        lambda: check(checkout, D, "passed", at=7),
    ]
    for number in order:
        day[number]()
    assert ticked() == {"1.0": "failed"}
    decided = Decided.objects.filter(item__key="unit_tests")
    assert decided.count() == decided.values("source", "key").distinct().count(), "each is told once"


RUNS = (("back", "failed"), ("front", "passed"), ("back", "passed"), ("front", "failed"), ("front", "passed"))


@pytest.mark.parametrize("order", list(itertools.permutations(range(5)))[::7])
def test_an_item_has_passed_once_each_job_that_decides_it_has(
    checkout: Service, order: tuple[int, ...]
) -> None:
    tagged(checkout, "1", A)
    for index in order:
        job, outcome = RUNS[index]
        check(checkout, A, outcome, at=index, job=job)
    told = Decided.objects.filter(item__key="unit_tests").order_by("at")
    assert [(each.outcome, each.evidence.rsplit("/", 2)[1:]) for each in told] == [
        ("failed", ["back", "0"]),
        ("failed", ["back", "0"]),
        ("passed", ["back", "2"]),
        ("failed", ["front", "3"]),
        ("passed", ["front", "4"]),
    ]
    item = Item.objects.get(key="unit_tests")
    assert (item.outcome, item.decided_at) == ("passed", NOON + minutes(4))


def test_a_job_that_has_passed_hides_no_other_that_has_failed(checkout: Service) -> None:
    for order in ((0, 1), (1, 0)):
        release = tagged(checkout, f"1.{order[0]}", "ab"[order[0]] * 40)
        for index in order:
            check(checkout, release.sha, RUNS[index][1], at=index, job=RUNS[index][0])
        item = release.items.get(key="unit_tests")
        assert (item.outcome, item.evidence) == ("failed", "https://ci.example/back/0")


def test_a_release_that_has_its_former_commit_back_has_what_was_found_about_it(checkout: Service) -> None:
    check(checkout, B, "passed", at=1)
    check(checkout, D, "failed", at=2)
    for number, commit in enumerate([B, D, B, "c" * 40]):
        make_deployment(checkout, "1.0", commit=commit, at=NOON + minutes(number))
        assert ticked() == {"1.0": ["passed", "failed", "passed", "open"][number]}


def test_a_plan_that_names_its_commit_no_more_gives_back_what_it_brought(checkout: Service) -> None:
    push(checkout, A, B)
    check(checkout, B)
    make_release(checkout, "1.0", commit=B)
    make_release(checkout, "1.0", commit=None)
    assert brought() == {}
    assert ticked() == {"1.0": "open"}


def test_what_a_person_decided_stays_when_the_commit_is_another(checkout: Service, bob: User) -> None:
    make_deployment(checkout, "1.0", commit=B)
    check(checkout, B, "failed")
    item = Item.objects.get(key="unit_tests")
    decide_item(bob.as_actor(), item, Decision(outcome="passed"), now=NOON + minutes(5))
    make_deployment(checkout, "1.0", commit=D, at=NOON + minutes(9))
    item.refresh_from_db()
    assert (item.outcome, item.decided_by) == ("passed", bob.as_actor().label)


@pytest.mark.parametrize("name", [B, B[:8]])
@pytest.mark.parametrize("plainly", [False, True])
@pytest.mark.parametrize("order", [*itertools.permutations(range(4))][::3])
def test_what_ci_told_of_a_release_is_told_whatever_a_push_brought_before(
    checkout: Service, name: str, plainly: bool, order: tuple[int, ...]
) -> None:
    body = event(id="told", version="1.0", changes=[{"sha": name, "subject": "as CI tells it"}])
    told = native.message(body, now=NOON + minutes(5), skew=minutes(5))
    sender = ci_of(checkout.team) if plainly else DESK
    day: list[Callable[[], object]] = [
        lambda: push(checkout, A, B, C),
        lambda: tagged(checkout, "1.0", B),
        lambda: receive_all(sender, checkout.team_id, [told], now=NOON + minutes(5)),
        lambda: tagged(checkout, "2.0", C),
    ]
    for number in order:
        day[number]()
    rows = Change.objects.values_list("release__version", "sha", "subject", "shared")
    assert {*rows} == {
        ("1.0", A, "say a", True),
        ("1.0", name, "as CI tells it", False),
        ("2.0", C, "say c", True),
    }


@pytest.mark.parametrize("order", [*itertools.permutations(range(3))])
def test_a_commit_is_the_same_in_capitals(checkout: Service, order: tuple[int, ...]) -> None:
    body = event(version="1.0", commit=B.upper(), changes=[{"sha": B.upper()}])
    told = native.message(body, now=NOON + minutes(5), skew=minutes(5))
    day: list[Callable[[], object]] = [
        lambda: push(checkout, A, B),
        lambda: check(checkout, B),
        lambda: receive_all(ci_of(checkout.team), checkout.team_id, [told], now=NOON + minutes(5)),
    ]
    for number in order:
        day[number]()
    assert (brought(), ticked()) == ({"1.0": "ab"}, {"1.0": "passed"})
