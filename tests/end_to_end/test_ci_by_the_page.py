"""`docs/ci.md` and `deploy/ci/` do what they say: what is to be pasted is run, against a desk that runs."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.end_to_end.desk import RELEASEDESK, ROOT, Desk, running_desk

pytestmark = [pytest.mark.end_to_end, pytest.mark.xdist_group("ci by the page")]
PAGE = (ROOT / "docs" / "ci.md").read_text()
BLOCKS = re.findall(r"^```(\w+) ?([\w-]*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
REPORT = ROOT / "deploy" / "ci" / "report"
SCOPES = "read,events:write,releases:write,gate:write"


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with running_desk() as running:
        issue = ("issue_token", "--team", "shop", "--scopes", SCOPES, "--name", "ci")
        running.token = running.manage(*issue).strip()
        yield running


def blocks(language: str, mark: str = "") -> list[str]:
    return [text for found, marked, text in BLOCKS if (found, marked) == (language, mark)]


def sh(desk: Desk, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    plain = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    path = f"{RELEASEDESK.parent}:{plain['PATH']}"
    known = {"RELEASEDESK_URL": desk.url, "RELEASEDESK_TOKEN": desk.token, "HOME": str(desk.home)}
    return subprocess.run(
        ["sh", "-euc", script],
        cwd=ROOT,
        env={**plain, **known, **environment, "PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_page_has_something_of_everything() -> None:
    assert len(blocks("sh")) >= 4
    assert len(blocks("sh", "answers-409")) == 1


def test_what_is_to_be_pasted_is_taken(desk: Desk) -> None:
    for language, mark, script in BLOCKS:
        if language == "sh" and mark != "no-run":
            done = sh(desk, script)
            expected, said = (22, "gate-closed") if mark == "answers-409" else (0, "")
            assert done.returncode == expected, f"{script}\n{done.stdout}{done.stderr}"
            assert said in done.stdout
    live = desk.get("/api/v1/services/checkout-api/releases/2026.11.23-2")
    assert {row["environment"] for row in live["deployments"]} == {"staging", "production"}
    items = desk.get("/api/v1/services/checkout-api/releases/2026.11.23-2/checklist")["items"]
    assert [item["outcome"] for item in items if item["key"] == "unit_tests"] == ["passed"]


ABOUT = {"SERVICE": "basket", "ENVIRONMENT": "staging", "VERSION": "1.0"}


def report(desk: Desk, kind: str = "deployment.succeeded", **environment: str) -> Any:
    return sh(desk, f"deploy/ci/report {kind}", **{**ABOUT, **environment})


def test_a_repeated_step_is_told_once(desk: Desk) -> None:
    run = {"GITHUB_RUN_ID": "8812", "GITHUB_RUN_ATTEMPT": "1", "VERSION": "1.1"}
    assert report(desk, **run).returncode == 0
    time.sleep(1.1)  # the second is in the event
    again = report(desk, **run)
    assert again.returncode == 0
    assert "told it before" in again.stdout
    shown = desk.get("/api/v1/services/basket/releases/1.1")
    assert [row["run"] for row in shown["deployments"]] == ["8812"]


def test_whatever_a_variable_holds_arrives_as_it_is(desk: Desk) -> None:
    odd = r"""./deploy "a b" 'c' \d $HOME `x` {"json": 1}"""
    assert report(desk, COMMAND=odd, VERSION="1.2", COMMIT="9f3c1d2e4b5a").returncode == 0
    shown = desk.get("/api/v1/services/basket/releases/1.2")
    assert [row["command"] for row in shown["deployments"]] == [odd]


@pytest.mark.parametrize(
    ("environment", "code", "said"),
    [
        ({"ENVIRONMENT": "prod"}, 1, "No environment is called 'prod'."),
        ({"RELEASEDESK_TOKEN": "rdk_0_wrong"}, 2, "This token is not known"),
        ({"RELEASEDESK_URL": "{desk}/elsewhere"}, 2, "Not found"),
        ({"RELEASEDESK_URL": "http://127.0.0.1:9/"}, 2, "Failed to connect"),
        ({"SERVICE": ""}, 2, "the service"),
    ],
)
def test_a_refusal_is_told_apart_from_a_desk_that_is_down(
    desk: Desk, environment: dict[str, str], code: int, said: str
) -> None:
    done = report(desk, **{name: value.replace("{desk}", desk.url) for name, value in environment.items()})
    assert done.returncode == code
    assert said in done.stdout + done.stderr


def test_the_token_is_in_no_argument() -> None:
    called = REPORT.read_text().partition("| ")[2]
    assert "RELEASEDESK_TOKEN" not in called.partition("curl")[2]


def test_the_github_action_tells_what_it_is_given(desk: Desk, tmp_path: Path) -> None:
    """The composite action's own step, with what a runner puts into its environment."""
    action = yaml.safe_load((ROOT / "deploy/ci/github/action.yml").read_text())
    (step,) = action["runs"]["steps"]
    workflow = yaml.safe_load(blocks("yaml", "github")[0])
    uses = [one for one in workflow["jobs"]["deploy"]["steps"] if "releasedesk" in one.get("uses", "")]
    needed = {name for name, said in action["inputs"].items() if said.get("required")}
    for one in uses:
        assert needed <= set(one["with"]) <= set(action["inputs"])
    given = {"TYPE": "deployment.succeeded", "VERSION": "", "COMMIT": "", "COMMAND": "./deploy", "URL": ""}
    given["STRICT"] = action["inputs"]["strict"]["default"]
    assert set(step["env"]) == {*given, *ABOUT, "RELEASEDESK_URL", "RELEASEDESK_TOKEN"}
    runner = {
        "GITHUB_ACTION_PATH": str(ROOT / "deploy/ci/github"),
        "GITHUB_RUN_ID": "99",
        "GITHUB_REF_TYPE": "branch",
        "GITHUB_REF_NAME": "main",
        "GITHUB_SHA": "9f3c1d2e4b5a69788796a5b4c3d2e1f001234567",
    }
    done = sh(desk, step["run"], **{**ABOUT, **given, **runner})
    assert done.returncode == 0, done.stdout + done.stderr
    shown = desk.get("/api/v1/services/basket/releases/9f3c1d2e4b5a")
    assert shown["commit"] == runner["GITHUB_SHA"]
    away = {**ABOUT, **given, **runner, "RELEASEDESK_TOKEN": "rdk_0_wrong"}
    for strict, code in (("false", 0), ("true", 2)):
        done = sh(desk, f"set -e\n{step['run']}", **{**away, "STRICT": strict})
        assert (done.returncode, "::warning" in done.stdout) == (code, True), done.stdout + done.stderr


def closed(groovy: str) -> dict[str, list[str]]:
    """The statements of each block of a declarative pipeline, by its path. Every block has to close."""
    path: list[str] = []
    found: dict[str, list[str]] = {}
    for line in filter(
        None, map(str.strip, groovy.replace("{ sh", "{\nsh").replace("' }", "'\n}").splitlines())
    ):
        if line.endswith("{"):
            path.append(line.removesuffix("{").split("(")[0].strip())
        elif line == "}":
            assert path.pop(), groovy
        else:
            found.setdefault(" ".join(path), []).append(line)
    assert not path, "a block is left open"
    return found


def test_jenkins_tells_the_beginning_and_the_end(desk: Desk) -> None:
    """The pipeline's own lines, with what Jenkins puts into their environment."""
    (groovy,) = blocks("groovy")
    pipeline = closed(groovy)
    given = dict(line.split(" = ") for line in pipeline["pipeline environment"])
    assert set(given) == {*ABOUT, "RELEASEDESK_URL", "RELEASEDESK_TOKEN", "COMMIT", "URL"}
    assert given["RELEASEDESK_TOKEN"] == "credentials('releasedesk')"
    jenkins = {
        "SERVICE": given["SERVICE"].strip("'"),
        "ENVIRONMENT": given["ENVIRONMENT"].strip("'"),
        "VERSION": "9f3c1d2e4b5a",
        "COMMIT": "9f3c1d2e4b5a69788796a5b4c3d2e1f001234567",
        "BUILD_TAG": "jenkins-shop-17",
        "URL": "https://jenkins.example/job/shop/17/",
    }
    deploy = pipeline["pipeline stages stage steps"]
    lines = [deploy[0], *pipeline["pipeline post success"]]
    scripts = [
        re.fullmatch("sh '(.*)'", line) for line in (*lines, deploy[1], *pipeline["pipeline post failure"])
    ]
    assert all(scripts), scripts
    for script in scripts[: len(lines)]:
        assert script
        done = sh(desk, script[1], **jenkins)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "applied" in done.stdout
    shown = desk.get("/api/v1/services/checkout-api/releases/9f3c1d2e4b5a")
    assert [(row["status"], row["run"]) for row in shown["deployments"]] == [("succeeded", "jenkins-shop-17")]


def test_the_gitlab_template_tells_the_beginning_and_the_end(desk: Desk) -> None:
    template = yaml.safe_load((ROOT / "deploy/ci/gitlab.yml").read_text())[".releasedesk"]
    job = yaml.safe_load(blocks("yaml", "gitlab")[0])["deploy"]
    assert job["extends"] == ".releasedesk"
    runner = {
        "REPORT": template["variables"]["REPORT"],
        "SERVICE": "basket",
        "ENVIRONMENT": "staging",
        "CI_COMMIT_TAG": "v3.0",
        "CI_COMMIT_SHA": "9f3c1d2e4b5a69788796a5b4c3d2e1f001234567",
        "CI_PIPELINE_ID": "771",
        "CI_JOB_ID": "9001",
        "CI_JOB_URL": "https://gitlab.example/jobs/9001",
    }
    for part, status in (("before_script", ""), ("after_script", "failed")):
        done = sh(desk, "\n".join(template[part]), CI_JOB_STATUS=status, **runner)
        assert "was not told" not in done.stdout, done.stdout + done.stderr
    shown = desk.get("/api/v1/services/basket/releases/v3.0")
    assert [(row["status"], row["run"]) for row in shown["deployments"]] == [("failed", "771")]
