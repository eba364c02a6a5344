"""What is read from the variables of three kinds of CI, as their documentation names them."""

from __future__ import annotations

import pytest

from releasedesk.cli.ci import detect

SHA = "9f3c1d2e4b5a69788796a5b4c3d2e1f001234567"
GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_RUN_ID": "19238812",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_SHA": SHA,
    "GITHUB_REF_TYPE": "branch",
    "GITHUB_REF_NAME": "main",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "shop/basket",
}
GITLAB = {
    "GITLAB_CI": "true",
    "CI_PIPELINE_ID": "771",
    "CI_JOB_ID": "9001",
    "CI_COMMIT_SHA": SHA,
    "CI_JOB_URL": "https://gitlab.example/shop/basket/-/jobs/9001",
}
JENKINS = {
    "JENKINS_URL": "https://jenkins.example/",
    "BUILD_TAG": "jenkins-basket-17",
    "BUILD_URL": "https://jenkins.example/job/basket/17/",
    "GIT_COMMIT": SHA,
}


@pytest.mark.parametrize(
    ("variables", "run", "url", "key"),
    [
        (GITHUB, "19238812", "https://github.com/shop/basket/actions/runs/19238812", "github-19238812-2-x"),
        (GITLAB, "771", "https://gitlab.example/shop/basket/-/jobs/9001", "gitlab-9001-x"),
        (JENKINS, "jenkins-basket-17", "https://jenkins.example/job/basket/17/", "jenkins-basket-17-x"),
    ],
)
def test_run_commit_and_address_are_found(variables: dict[str, str], run: str, url: str, key: str) -> None:
    found = detect(variables)
    assert found
    assert (found.run, found.commit, found.url, found.key("x")) == (run, SHA, url, key)
    assert found.version == SHA[:12]


def test_nothing_is_found_on_a_machine_that_runs_no_ci() -> None:
    assert detect({"PATH": "/bin", "CI": "true"}) is None


def test_a_tag_is_the_version_and_a_branch_never_is() -> None:
    tagged = detect({**GITHUB, "GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v2.0"})
    assert tagged
    assert tagged.version == "v2.0"
    assert tagged.commit_of("v2.0") == SHA


def test_a_version_that_this_run_did_not_make_does_not_get_its_commit() -> None:
    found = detect(GITHUB)
    assert found
    assert found.commit_of("1.9") is None
    assert found.commit_of("2026.11.27-19238812") == SHA
    assert found.commit_of(f"main-{SHA[:8]}") == SHA


def test_what_is_no_commit_is_left_out() -> None:
    found = detect({**JENKINS, "GIT_COMMIT": "HEAD"})
    assert found
    assert (found.commit, found.version) == ("", None)
