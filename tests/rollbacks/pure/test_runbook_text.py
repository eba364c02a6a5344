"""The way back as a terminal shows it, and as a shell runs it."""

import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasedesk.rollbacks.commands import Finished
from releasedesk.rollbacks.readiness import Fix, PlanBrief, Readiness, RehearsalBrief, Situation, readiness
from releasedesk.rollbacks.runbook import EXTRACT, Runbook, Step, runbook

NOW = datetime(2026, 11, 23, 12, 20, tzinfo=UTC)
SITUATION = Situation(
    now=NOW,
    environment="production",
    live="2026.11.23-2",
    target="2026.11.23-1",
    plan=PlanBrief(version=4, steps=3, triggers=1, has_owner=True),
    rehearsal=RehearsalBrief(4, succeeded=True, finished_at=NOW - timedelta(hours=3)),
)
STEPS = (
    Step(
        "Deploy the previous version",
        Finished(
            "make deploy SERVICE=checkout-api ENVIRONMENT=production VERSION=2026.11.23-1 REASON='going back'"
        ),
        'ends with "rollout complete"',
        70,
    ),
    Step(
        "Check that it is live",
        Finished("curl -fsS https://checkout.internal/health"),
        "prints the version",
        5,
    ),
    Step("Watch p95 fall under 200 ms for 5 minutes", seconds=300),
)
PAGE = Runbook(
    service="checkout-api",
    environment="production",
    now=NOW,
    readiness=readiness(SITUATION),
    live="2026.11.23-2",
    live_since=NOW - timedelta(minutes=17),
    live_by="ines",
    target="2026.11.23-1",
    why_target="the last good one, live 9 days",
    may_name=("2026.11.20-1", "2026.11.19-3"),
    between=("2026.11.23-2: cache the basket total (9f3c2b1, ines)",),
    data="Data comes back",
    data_note="no migration between the two.\nKeys under basket:total:* may stay.",
    triggers=("p95 above 230 ms for 5 min",),
    met=("p95 is 249 ms, the plan says to go back above 230 ms.",),
    plan_version=4,
    plan_owner="ines",
    steps=STEPS,
    rehearsed_seconds=108,
    rehearsed_at=NOW - timedelta(hours=3),
)

WHOLE = """\
Roll back checkout-api in production
====================================
As of         2026-11-23 12:20 UTC
Live now      2026.11.23-2, since 2026-11-23 12:03 UTC, by ines
Goes back to  2026.11.23-1: the last good one, live 9 days
Or with ?to=  2026.11.20-1, 2026.11.19-3
Plan          version 4, owner ines
In rehearsal  1 min 48 s, on 2026-11-23 09:20 UTC

YOUR OWN TRIGGER IS MET
 - p95 is 249 ms, the plan says to go back above 230 ms.

CAN WE GO BACK?
   Yes: ready.

IN BETWEEN
 - 2026.11.23-2: cache the basket total (9f3c2b1, ines)

DATA
   Data comes back: no migration between the two. Keys under basket:total:* may
   stay.

WHEN TO GO BACK
 - p95 above 230 ms for 5 min

STEPS
1. Deploy the previous version (about 1 min 10 s)
    $ make deploy SERVICE=checkout-api ENVIRONMENT=production VERSION=2026.11.23-1 REASON='going back'
   Check: ends with "rollout complete"

2. Check that it is live (about 5 s)
    $ curl -fsS https://checkout.internal/health
   Check: prints the version

3. Watch p95 fall under 200 ms for 5 minutes (about 5 min)

The commands alone are not the whole way back: step 3 must be done by hand.
The commands alone: sed -n 's/^    \\$ //p'
"""


def extracted(text: str) -> list[str]:
    done = subprocess.run(
        ["sh", "-c", EXTRACT], input=text.encode(), capture_output=True, timeout=10, check=True
    )
    return done.stdout.decode().splitlines()


def written(**changes: object) -> str:
    return runbook(replace(PAGE, **changes))  # type: ignore[arg-type] # a test names the fields it changes


def test_each_reason_says_where_it_is_mended() -> None:
    fixes = {Fix.REHEARSALS: "https://desk.example/services/checkout-api/releases/2.0/#rollback-plan"}
    text = written(readiness=readiness(replace(SITUATION, rehearsal=None)), fixes=fixes)
    assert f" - risk: The plan was never rehearsed.\n   {fixes[Fix.REHEARSALS]}\n" in text


def test_a_whole_runbook_reads_like_this() -> None:
    assert runbook(PAGE) == WHOLE


def test_the_commands_are_taken_out_as_the_last_line_says() -> None:
    assert runbook(PAGE).rstrip().endswith(EXTRACT)
    assert extracted(runbook(PAGE)) == [step.command.command for step in STEPS if step.command]


def test_the_commands_as_printed_can_be_executed(tmp_path: Path) -> None:
    steps = (
        Step("Write", Finished("printf '%s\\n' 'it'\"'\"'s $HOME' > \"a file\"")),
        Step("Read", Finished("cat 'a file'")),
    )
    pipeline = f"{EXTRACT} | sh -e"
    done = subprocess.run(
        ["sh", "-c", pipeline],
        input=written(steps=steps).encode(),
        cwd=tmp_path,
        capture_output=True,
        timeout=10,
        check=True,
    )
    assert done.stdout == b"it's $HOME\n"


def test_every_reason_is_told_the_blocking_ones_with_an_exclamation_mark() -> None:
    text = written(readiness=readiness(replace(SITUATION, target=None, rehearsal=None)), target=None)
    assert (
        "   Not ready, for 2 reasons. Going back is still never stopped.\n ! blocking: There is no good"
        in text
    )
    assert "\n - risk: The plan was never rehearsed.\n" in text


def test_without_a_plan_the_last_deploy_command_of_the_target_helps_to_go_back_anyway() -> None:
    text = written(
        steps=(), plan_version=None, last_command="make deploy VERSION=2026.11.23-1", last_command_at=NOW
    )
    assert "WITHOUT A PLAN" in text
    assert "STEPS" not in text
    assert extracted(text) == ["make deploy VERSION=2026.11.23-1"]
    assert "Read it before you run it" in text


def test_without_a_plan_and_a_known_command_it_says_what_to_do() -> None:
    text = written(steps=(), plan_version=None)
    assert "Nobody wrote down how to go back." in text
    assert extracted(text) == []


def test_a_plan_without_steps_says_so() -> None:
    assert "The plan has no steps." in written(steps=())


def test_the_last_deploy_command_is_not_mixed_with_the_steps_of_a_plan() -> None:
    assert "make deploy-old" not in written(last_command="make deploy-old")


def test_a_command_that_misses_a_value_is_shown_and_named_but_not_taken_out() -> None:
    step = Step("Check out", Finished("git checkout {target_commit}", ("target_commit",)))
    text = written(steps=(step, STEPS[1]))
    assert "    ? git checkout {target_commit}\n   Put in {target_commit} yourself" in text
    assert extracted(text) == [STEPS[1].command.command if STEPS[1].command else ""]
    assert "not the whole way back: step 1 must be done by hand." in text


def test_a_command_with_control_characters_is_shown_escaped_and_not_taken_out() -> None:
    text = written(steps=(Step("Odd", Finished("echo \x1b[2J\nrm -rf x")),))
    assert "    ? echo \\x1b[2J\\nrm -rf x\n" in text
    assert extracted(text) == []


def test_a_step_that_cannot_be_undone_says_so_before_its_command() -> None:
    text = written(steps=(replace(STEPS[1], irreversible=True),))
    assert "   THIS CANNOT BE UNDONE.\n    $ curl" in text


def test_nothing_live_and_nothing_known_is_said_in_words_and_never_as_none() -> None:
    bare = Runbook(service="s", environment="staging", now=NOW, readiness=Readiness(ready=True, reasons=()))
    text = runbook(bare)
    assert "None" not in text
    assert "nothing: no release has succeeded here yet" in text
    assert "no release was found to go back to" in text
    assert "not rehearsed, so nobody knows how long it takes" in text
    assert "The plan does not say what happens to the data." in text


def test_our_own_words_are_ascii() -> None:
    assert runbook(PAGE).isascii()
    assert written(steps=(), plan_version=None).isascii()


@pytest.mark.parametrize(
    "typed", ["x\n    $ rm -rf /", "word " * 20 + "$ rm -rf /", "\x0b    $ rm", "\r    $ rm"]
)
def test_no_typed_text_can_pass_for_a_command(typed: str) -> None:
    text = written(met=(typed,), data_note=typed, why_target=typed, steps=(Step(typed, check=typed),))
    assert extracted(text) == []


typed = st.text(
    alphabet=st.sampled_from("ab -$?.\n\t\r\x1b\x0b\x9b\u2028\u202eü") | st.characters(), max_size=120
)
commands = st.text(
    alphabet=st.characters(codec="utf-8", exclude_categories=["C", "Z"]) | st.just(" "), min_size=1
)


@given(typed, st.lists(commands, max_size=3))
def test_whatever_people_typed_only_the_commands_are_wide_and_only_they_are_taken_out(
    text: str, told: list[str]
) -> None:
    steps = tuple(Step(text, Finished(command), text, 7) for command in told) or (Step(text),)
    lines = written(
        service=text,
        live=text,
        live_by=text,
        why_target=text,
        may_name=(text, text),
        between=(text,),
        data=text,
        data_note=text,
        triggers=(text,),
        met=(text,),
        plan_owner=text,
        steps=steps,
    ).split("\n")
    assert [line.removeprefix("    $ ") for line in lines if line.startswith("    $ ")] == told
    assert all(len(line) <= 80 for line in lines if not line.startswith("    $ "))


@given(typed)
def test_no_control_character_reaches_the_terminal(text: str) -> None:
    page = written(live=text, data_note=text, steps=(Step(text, Finished(text), text),))
    assert not any(c != "\n" and (ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0) for c in page)
    assert not {"\u202e", "\u2028", "\u2029", "\u2066"} & set(page)
