"""Other systems' names in ours."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasedesk.ingest import github, names
from releasedesk.ingest.artifacts import Artifact, artifact
from releasedesk.ingest.names import Names, UnexplainedError, UnwantedError
from releasedesk.problems.field_errors import SLUG, VERSION
from releasedesk.problems.problem import Problem
from tests.builders import NOON, minutes
from tests.ingest import payloads


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("mySubject123", "mysubject123"),
        ("Team/My App", "team-my-app"),
        ("--a__b--", "a-b"),
        ("ünïcode", "unicode"),
        ("Zahlungsübersicht Ⅳ", "zahlungsubersicht-iv"),
        ("服务", "service-ec309ab2"),
        ("Team 服务", "team-91e2b8f5"),
        ("a" * 64, "a" * 64),
        ("a" * 65, f"{'a' * 55}-635361c4"),
        ("🚀", ""),
        ("///", ""),
    ],
)
def test_a_name_becomes_a_slug(text: str, slug: str) -> None:
    assert names.slug(text) == slug


def test_a_version_keeps_the_letters_below_its_accents() -> None:
    assert names.version("v1.0-überprüft 🚀") == "v1.0-uberpruft-"
    told_apart = {
        names.version(text) for text in ("версия-1", "релиз-1", "リリース", "1", "1" * 129, "1" * 130)
    }
    assert len(told_apart) == 6


@given(st.text())
def test_every_slug_and_version_is_one_or_nothing(text: str) -> None:
    slug, version = names.slug(text), names.version(text)
    assert not slug or re.match(SLUG.replace(r"\z", r"\Z"), slug)
    assert version is None or re.match(VERSION.replace(r"\z", r"\Z"), version)


@given(st.text())
def test_a_line_holds_nothing_that_commands_a_terminal(text: str) -> None:
    assert names.line(text).isprintable()


@pytest.mark.parametrize(
    ("ref", "version"),
    [
        ("refs/tags/v1.2", "v1.2"),
        ("refs/tags/api/v1.2", "api-v1.2"),
        ("v2.4.0", "v2.4.0"),
        ("2026.11.23-2", "2026.11.23-2"),
        ("checkout@1.2.3+build.5", "checkout@1.2.3+build.5"),
        ("main", "4f1c2b6a9e0d"),
        ("shop-v1.2.3", "shop-v1.2.3"),
        ("stable/5.2", "4f1c2b6a9e0d"),
        ("release/1.2.3", "4f1c2b6a9e0d"),
        ("feature/v1.2", "4f1c2b6a9e0d"),
        ("hotfix-1.2.3", "4f1c2b6a9e0d"),
        ("Release-v1.2", "4f1c2b6a9e0d"),
        ("6.4", "4f1c2b6a9e0d"),
        ("feature-1.2.3", "4f1c2b6a9e0d"),
        ("dependabot-npm-1.2.3", "4f1c2b6a9e0d"),
        ("v1.2-branch", "4f1c2b6a9e0d"),
        ("2026-11-28", "2026-11-28"),
        ("2026-11-28.2", "2026-11-28.2"),
        ("2026-11-28-login", "4f1c2b6a9e0d"),
        ("v20.x", "4f1c2b6a9e0d"),
        ("refs/heads/v1.2.3", "4f1c2b6a9e0d"),
        ("4f1c2b6a9e0d7c8b5a4e3d2c1b0a9f8e7d6c5b4a", "4f1c2b6a9e0d"),
        ("", "4f1c2b6a9e0d"),
    ],
)
def test_a_version_is_the_tag_or_the_commit_and_never_a_branch(ref: str, version: str) -> None:
    assert names.version_of_ref(ref, "4f1c2b6a9e0d7c8b5a4e3d2c1b0a9f8e7d6c5b4a") == version


@pytest.mark.parametrize(
    ("text", "name", "version"),
    [
        ("pkg:oci/shop@sha256%3A0b31b1c0", "shop", "sha256:0b31b1c0"),
        ("pkg:oci/shop@sha256%3A0b31?repository_url=ghcr.io/acme/shop&tag=2.1%2Bb7", "shop", "2.1+b7"),
        ("pkg:golang/git.example/acme/shop@234fd47e07d1004f0aed9c", "shop", "234fd47e07d1004f0aed9c"),
        ("pkg:npm/%40acme/shop@1.0.0#dist/main.js", "shop", "1.0.0"),
        ("pkg:npm/@acme/shop", "shop", None),
        ("pkg:generic/shop?download_url=https://u:p@files.example/shop", "shop", None),
        ("ghcr.io:5000/acme/shop:1.2", "shop", "1.2"),
        ("ghcr.io/acme/shop@sha256:0b31", "shop", "sha256:0b31"),
        ("ghcr.io/acme/shop:1.2@sha256:0b31", "shop", "1.2"),
        ("sha256:0b31b1c02ff458ad", "", "sha256:0b31b1c02ff458ad"),
        ("0b31b1c02ff458ad", "", "0b31b1c02ff458ad"),
        ("", "", None),
    ],
)
def test_an_artifacts_id_names_it_and_its_version(text: str, name: str, version: str | None) -> None:
    assert artifact(text) == Artifact(name, version)


@pytest.mark.parametrize(
    ("given", "time"),
    [
        ("2026-11-23 12:55:12 UTC", "2026-11-23T12:55:12+00:00"),
        ("2021-04-28 21:50:00 +0200", "2021-04-28T21:50:00+0200"),
        ("2026-11-23T12:03:41Z", "2026-11-23T12:03:41+00:00"),
        (1795435200, "2026-11-23T12:00:00+00:00"),
        (None, None),
        (10**18, "1000000000000000000 seconds"),
        (float("inf"), "inf seconds"),
    ],
)
def test_times_of_every_sender_are_read(given: object, time: str | None) -> None:
    assert names.time_of(given) == time


@pytest.mark.parametrize("pushed_at", [10**18, 1e18, float("inf"), float("nan"), -(10**18)])
def test_a_number_that_is_no_time_is_refused_as_none(pushed_at: float) -> None:
    push = payloads.github_push()
    push["repository"] = {**push["repository"], "pushed_at": pushed_at}
    with pytest.raises(Problem) as refused:
        github.read("push", push, key="1", now=NOON, skew=minutes(5))
    assert [error.code for error in refused.value.errors] == ["time"]


@pytest.mark.parametrize(
    ("job", "item"),
    [
        ("ruff", "lint"),
        ("Lint & format", "lint"),
        ("unit-tests (3.12)", "unit_tests"),
        ("CI", "unit_tests"),
        ("integration tests", "integration"),
        ("e2e", "integration"),
        ("deploy", None),
        ("publish docs", None),
        ("latest", None),
        ("Deploy to integration", None),
        ("deploy-acceptance", None),
        ("Deploy, then integration tests", "integration"),
        ("Smoke test after the deployment", "integration"),
        ("Test and deploy", "unit_tests"),
        ("CloudFormation deploy", None),
        ("Publish static assets", None),
        ("Lifestyle shop", None),
        ("golangci-lint", "lint"),
        ("stylelint", "lint"),
        ("Static analysis", "lint"),
        ("pytest", "unit_tests"),
    ],
)
def test_a_jobs_name_says_which_item_it_decides(job: str, item: str | None) -> None:
    assert Names().check(job) == item


def test_what_a_team_has_said_about_a_name_counts_before_the_name_itself() -> None:
    known = Names(services={"acme/api": "checkout-api"}, checks={"deploy": "integration", "ci": ""})
    assert known.service("Acme/API") == "checkout-api"
    assert known.service("acme/Ledger") == "ledger"
    assert known.check("Deploy") == "integration"
    assert known.check("CI") is None, "left alone on purpose"


def test_a_name_is_looked_up_once() -> None:
    known = Names(services={"shop": "shop-api", "acme/shop": "shop", "a": "b", "b": "a"})
    assert (known.service("acme/shop"), known.service("other/shop")) == ("shop", "shop-api")
    assert (known.called("A"), known.called("b"), known.called("c")) == ("b", "a", "c")


def test_a_service_that_names_its_repository_is_no_others() -> None:
    known = Names(repositories={"acme/backend/web": "web", "ledger": "books"}, services={"acme/old": ""})
    assert known.service("Acme/Backend/Web") == "web"
    assert known.service("https://gitlab.example/acme/backend/web.git") == "web"
    assert known.called("ledger") == "ledger", "a service of that name is no repository"
    assert Names(repositories={"shop": "shop"}).service("acme/shop") == "shop", "which names no owner"
    with pytest.raises(UnexplainedError, match="acme/frontend/web"):
        known.service("acme/frontend/web")
    with pytest.raises(UnwantedError, match="the service 'acme/old'"):
        known.service("acme/old")


def test_a_repository_with_a_very_long_path_is_found_under_what_it_waited_as() -> None:
    path = f"acme/{'group/' * 50}web"
    own = {"acme/web": "web"}
    with pytest.raises(UnexplainedError) as waits:
        Names(repositories=own).service(path)
    said = Names(repositories=own, services={waits.value.repository: "shop"})
    assert said.service(path) == "shop"


def test_what_is_too_long_is_told_apart_by_what_was_cut_off() -> None:
    far = "https://kubernetes.example/clusters/eu/namespaces/" + "x" * 200
    places = {names.place(f"{far}/{name}") for name in ("production", "staging")}
    assert len(places) == 2
    assert {len(place) for place in places} == {200}
