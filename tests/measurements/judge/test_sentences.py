"""What people read. Whole sentences, so that a change of words is seen."""

# ruff: noqa: RUF001 - the minus sign is what people read

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from releasedesk.measurements.judge import METRICS, Summary, judge
from releasedesk.measurements.judge.findings import Finding
from releasedesk.measurements.judge.sentences import headline, sentence
from tests.measurements.judge.measured import requests, side, told

P95 = Finding(
    METRICS["response_ms_p95"],
    "regressed",
    before=190.1,
    after=249.3,
    n_before=2_000,
    n_after=2_000,
    change=0.3114,
    limits=(0.24, 0.37),
    kind="relative",
    allowed=0.1,
)
CALLS = Finding(
    METRICS["db_calls"],
    "improved",
    before=31.0,
    after=11.8,
    n_before=2_000,
    n_after=2_000,
    change=-19.2,
    limits=(-19.5, -18.9),
    allowed=0.5,
)
ERRORS = Finding(
    METRICS["error_rate"],
    "unchanged",
    before=0.0012,
    after=0.0011,
    n_before=2_000,
    n_after=2_000,
    change=-0.0001,
    limits=(-0.0005, 0.0003),
    allowed=0.005,
)
HITS = Finding(
    METRICS["cache_hit_rate"],
    "regressed",
    before=0.61,
    after=0.12,
    change=-0.49,
    limits=(-0.52, -0.46),
    allowed=0.05,
)
GROUPS = {
    "misses": replace(P95, verdict="unchanged", before=248.0, after=251.0),
    "hits": replace(P95, verdict="inconclusive", reason="too_few", change=None),
    "same_share": replace(P95, verdict="unchanged"),
}
LUCKY = replace(
    P95,
    verdict="inconclusive",
    reason="cache_hits",
    before=240.0,
    after=80.0,
    groups=GROUPS,
    hit_shares=(0.12, 0.61),
)


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        (P95, "p95 rose from 190 to 249 ms (+31 %, 95 % sure between +24 and +37 %). The limit is +10 %."),
        (CALLS, "DB calls per request fell from 31.0 to 11.8 (−19.2, 95 % sure between −19.5 and −18.9)."),
        (
            ERRORS,
            (
                "Error rate stayed within ±0.5 pt: 0.12 → 0.11 % "
                "(−0.01 pt, 95 % sure between −0.05 and +0.03 pt)."
            ),
        ),
        (
            HITS,
            (
                "Cache hits fell from 61 to 12 % (−49 pt, 95 % sure between −52 and −46 pt). "
                "The limit is −5 pt."
            ),
        ),
        (
            replace(CALLS, after=2.0, change=-29.0, limits=(-29.0, -29.0)),
            "DB calls per request fell from 31 to 2 (−29).",
        ),
        (
            replace(CALLS, verdict="unchanged", after=31.0, change=0.0, limits=(0.0, 0.0)),
            "DB calls per request stayed at 31.",
        ),
        (
            replace(P95, verdict="inconclusive", reason="undecided", limits=(-0.021, 0.4), more=460),
            (
                "p95 is undecided: 190 → 249 ms (+31 %, 95 % sure between −2.1 and +40 %). "
                "The limit is ±10 %. "
                "About 460 more requests a side would decide it."
            ),
        ),
        (
            replace(P95, verdict="inconclusive", reason="undecided", limits=(-0.02, 0.4), windows=True),
            (
                "p95 is undecided: 190 → 249 ms (+31 %, 95 % sure between −2.0 and +40 %). "
                "The limit is ±10 %. "
                "The change lies so close to the limit that more windows may not decide it."
            ),
        ),
        (
            replace(P95, verdict="inconclusive", reason="undecided", surer=(0.08, 0.55), more=300),
            (
                "p95 is undecided: 190 → 249 ms (+31 %, 95 % sure between +24 and +37 %, "
                "but 98 % only between +8.0 and +55 %). The limit is ±10 %. "
                "About 300 more requests a side would decide it."
            ),
        ),
        (
            replace(
                P95, verdict="inconclusive", reason="undecided", surer=(-np.inf, np.inf), windows=True, more=3
            ),
            (
                "p95 is undecided: 190 → 249 ms (+31 %, 95 % sure between +24 and +37 %, "
                "which is too little evidence to be 99 % sure). The limit is ±10 %. "
                "About 3 more windows a side would decide it."
            ),
        ),
        (
            replace(P95, verdict="inconclusive", reason="too_few", n_before=40, n_after=2_000),
            "p95 needs at least 100 requests a side; there were 40 before and 2,000 after.",
        ),
        (replace(CALLS, verdict="not_measured", reason="missing"), "DB calls per request were not measured."),
        (
            replace(P95, verdict="not_measured", reason="missing_after"),
            "p95 was not measured after the change.",
        ),
        (
            replace(P95, reason="aggregate_only", limits=None),
            "p95 rose from 190 to 249 ms (+31 %). The limit is +10 %. Aggregate only, no interval.",
        ),
        (
            LUCKY,
            "The gain is cache hits (12 % → 61 %), not the change: on misses alone p95 is 248 → 251 ms.",
        ),
    ],
)
def test_a_metric_is_told_in_these_words(finding: Finding, said: str) -> None:
    assert sentence(finding) == said


def test_a_lucky_gain_with_misses_that_do_not_decide_is_told_as_a_doubt() -> None:
    groups = {**GROUPS, "misses": replace(GROUPS["misses"], verdict="inconclusive", reason="undecided")}
    assert sentence(replace(LUCKY, groups=groups)) == (
        "The p95 gain cannot be told from cache hits (12 % → 61 %): on misses alone p95 is 248 → 251 ms, "
        "which does not decide it."
    )


@pytest.mark.parametrize(
    ("findings", "verdict", "said"),
    [
        (
            [P95, CALLS, ERRORS],
            "suspect",
            (
                "p95 rose from 190 to 249 ms (+31 %), past the limit of +10 %; "
                "DB calls per request fell from 31.0 to 11.8 (−19.2)."
            ),
        ),
        (
            [HITS, P95],
            "suspect",
            "p95 rose from 190 to 249 ms (+31 %), past the limit of +10 %; cache hits regressed too.",
        ),
        (
            [CALLS, ERRORS, replace(HITS, verdict="inconclusive", reason="undecided")],
            "verified",
            (
                "DB calls per request fell from 31.0 to 11.8 (−19.2); nothing got worse; "
                "cache hits are undecided."
            ),
        ),
        (
            [replace(P95, verdict="not_measured", reason="missing"), ERRORS],
            "verified",
            "Nothing moved past its limit; p95 was not measured.",
        ),
        (
            [LUCKY, replace(HITS, verdict="improved", before=0.12, after=0.61, change=0.49), CALLS],
            "inconclusive",
            (
                "The gain is cache hits (12 % → 61 %), not the change: on misses alone p95 is 248 → 251 ms; "
                "DB calls per request fell from 31.0 to 11.8 (−19.2)."
            ),
        ),
        (
            [
                replace(P95, verdict="inconclusive", reason="too_few", n_before=40, n_after=60, change=None),
                replace(ERRORS, verdict="inconclusive", reason="too_few", change=None),
            ],
            "inconclusive",
            (
                "p95 needs at least 100 requests a side; there were 40 before and 60 after; "
                "error rate is not decided either."
            ),
        ),
        ([], "not_measured", "Nothing yet."),
    ],
)
def test_a_comparison_is_told_in_one_sentence_the_worst_first(
    findings: list[Finding], verdict: str, said: str
) -> None:
    assert headline(findings, verdict, "Nothing yet.") == said  # type: ignore[arg-type]  # from the table above


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (None, None, "Nothing was measured before or after the change."),
        (None, 1, "Nothing was measured before the change, so there is nothing to compare it with."),
        (1, None, "Nothing was measured after the change yet."),
    ],
)
def test_what_was_not_measured_is_said(before: int | None, after: int | None, said: str) -> None:
    sides = (seed and side(requests(200, seed=seed)) for seed in (before, after))
    assert judge(*sides).sentence == said  # type: ignore[arg-type]  # None or a side


def test_two_summaries_without_a_metric_in_common_say_so() -> None:
    before, after = side(Summary(requests=200, errors=0)), side(Summary(requests=200, response_ms_p95=190.0))
    assert judge(before, after).sentence == "No metric was measured both before and after the change."


def test_numbers_are_rounded_in_sentences_only() -> None:
    found = told(
        judge(side(requests(2_000, seed=1)), side(requests(2_000, seed=2, slower=1.5))), "response_ms_p95"
    )
    assert found["after"] != round(found["after"], 3)
    assert found["change"] != round(found["change"], 6)
