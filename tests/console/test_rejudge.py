"""A newer judge speaks of what an older one has judged."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from releasedesk.accounts.models import User
from releasedesk.actions.rejudge import rejudge
from releasedesk.catalog.models import Service
from releasedesk.measurements.judge import JUDGE_VERSION
from releasedesk.measurements.models import Comparison
from releasedesk.problems.problem import Problem
from tests.builders import NOON, make_release, make_service, make_snapshot, minutes, requests_of


@pytest.fixture
def old(db: None) -> Comparison:
    """What a judge of long ago said: verified, of a p95 that doubled."""
    release = make_release(make_service())
    make_snapshot(release, "before")
    make_snapshot(release, "after", at=NOON + minutes(9), requests=requests_of(ms=200))
    Comparison.objects.update(judge="0", verdict="verified", sentence="All is well.")
    return Comparison.objects.get()


def run(*arguments: str) -> str:
    said = StringIO()
    call_command("rejudge", *arguments, stdout=said)
    return said.getvalue()


def test_it_shows_what_would_change_and_writes_nothing(old: Comparison) -> None:
    said = run()
    place = "checkout-api 1.0, production, GET /basket/{id}"
    assert f"{place}: verified → suspect (judge 0 → {JUDGE_VERSION})" in said
    assert f"  was: All is well.\n  now: {old.result['sentence']}\n" in said
    assert "1 judged by an older version: 1 with another verdict, 0 with only another sentence" in said
    assert "Nothing was written" in said
    assert list(Comparison.objects.values_list("verdict", "is_current")) == [("verified", True)]


def test_applied_the_new_answer_is_current_and_the_old_one_stays(old: Comparison) -> None:
    assert "1 new comparisons are kept" in run("--apply")
    new = Comparison.objects.current().get()
    assert (new.verdict, new.judge, new.limits) == ("suspect", JUDGE_VERSION, old.limits)
    assert (new.before_id, new.after_id) == (old.before_id, old.after_id)
    kept = Comparison.objects.get(pk=old.pk)
    assert (kept.verdict, kept.sentence, kept.is_current) == ("verified", "All is well.", False)
    assert "nothing to do" in run("--apply")


def test_it_judges_by_the_limits_that_were_kept_not_by_todays(old: Comparison) -> None:
    old.limits["response_ms_p95"]["allowed"] = 5.0
    old.limits["response_ms_p50"]["allowed"] = 5.0
    Comparison.objects.update(limits=old.limits)
    run("--apply")
    assert Comparison.objects.current().get().verdict != "suspect"


def test_one_service_leaves_the_others_alone(old: Comparison) -> None:
    make_service("search-api")
    assert "nothing to do" in run("--service", "search-api")
    assert "verified → suspect" in run("--service", "checkout-api")
    with pytest.raises(CommandError, match=r"No service is called 'checkout'\. Known: checkout-api"):
        run("--service", "checkout")


def test_what_was_measured_anew_meanwhile_is_left_alone(old: Comparison) -> None:
    make_snapshot(old.release, "after", at=NOON + minutes(20))
    newest = Comparison.objects.current().get()
    assert rejudge(User.objects.create_superuser("root").as_actor(), old, now=NOON) is None
    assert Comparison.objects.current().get() == newest


def test_charlie_has_nothing_judged_again(old: Comparison, charlie: User) -> None:
    with pytest.raises(Problem, match="charlie may not have checkout-api judged again"):
        rejudge(charlie.as_actor(), old, now=NOON)
    assert Comparison.objects.count() == 1
    assert Service.objects.get().slug == "checkout-api"
