"""What the variables of GitHub Actions, GitLab CI and Jenkins say about the run that is asking. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Variables = Mapping[str, str]
COMMIT = re.compile(r"[0-9a-fA-F]{7,64}")
SHORT, SHORTEST = 12, 7  # digits of a commit in a version we name, and in one that somebody else named
TELLING = 5  # characters: a shorter number may stand in any version by chance


@dataclass(frozen=True)
class Run:
    """One run of a pipeline. `attempt` differs when it is run again."""

    run: str
    attempt: str
    commit: str = ""
    tag: str = ""
    url: str = ""

    @property
    def version(self) -> str | None:
        """Give the tag, else twelve digits of the commit; a branch names another thing tomorrow."""
        return self.tag or self.commit[:SHORT] or None

    def commit_of(self, version: str) -> str | None:
        """Give the commit if the version was plainly made by this run.

        A run that puts an older version back is at another commit, which must not be told as that version's.
        """
        marks = [mark for mark in (self.commit[:SHORTEST], self.run) if len(mark) >= TELLING]
        ours = any(mark in version for mark in marks) or version == self.tag != ""
        return self.commit or None if ours else None

    def key(self, *parts: str | None) -> str:
        """Name an event so that this run tells it once, however often the step is repeated."""
        return "-".join(filter(None, (self.attempt, *parts)))


def detect(variables: Variables) -> Run | None:
    """Find out which CI this is; None for a person's own machine."""
    return next((read(variables) for mark, read in KINDS.items() if variables.get(mark)), None)


def _github(of: Variables) -> Run:
    run = of.get("GITHUB_RUN_ID", "")
    server, repository = of.get("GITHUB_SERVER_URL", "https://github.com"), of.get("GITHUB_REPOSITORY", "")
    return Run(
        run=run,
        attempt=f"github-{run}-{of.get('GITHUB_RUN_ATTEMPT', '1')}",
        commit=_commit(of.get("GITHUB_SHA", "")),
        tag=of.get("GITHUB_REF_NAME", "") if of.get("GITHUB_REF_TYPE") == "tag" else "",
        url=f"{server}/{repository}/actions/runs/{run}" if run and repository else "",
    )


def _gitlab(of: Variables) -> Run:
    return Run(
        run=of.get("CI_PIPELINE_ID", ""),
        attempt=f"gitlab-{of.get('CI_JOB_ID') or of.get('CI_PIPELINE_ID', '')}",
        commit=_commit(of.get("CI_COMMIT_SHA", "")),
        tag=of.get("CI_COMMIT_TAG", ""),
        url=of.get("CI_JOB_URL") or of.get("CI_PIPELINE_URL", ""),
    )


def _jenkins(of: Variables) -> Run:
    run = of.get("BUILD_TAG") or of.get("BUILD_NUMBER", "")
    return Run(
        run=run,
        attempt=run,
        commit=_commit(of.get("GIT_COMMIT", "")),
        tag=of.get("TAG_NAME", ""),
        url=of.get("BUILD_URL", ""),
    )


def _commit(text: str) -> str:
    return text if COMMIT.fullmatch(text) else ""


# The variable that only this CI sets → how to read it.
KINDS: dict[str, Callable[[Variables], Run]] = {
    "GITHUB_ACTIONS": _github,
    "GITLAB_CI": _gitlab,
    "JENKINS_URL": _jenkins,
}
