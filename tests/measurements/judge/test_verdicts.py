"""Each rule of judgement, on evidence of which the truth is known."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import pytest

from releasedesk.measurements.judge import (
    METRICS,
    MetricVerdict,
    Policy,
    Requests,
    Summary,
    Windows,
    judge,
    release_verdict,
    worst,
)
from releasedesk.measurements.judge.findings import Finding, find
from releasedesk.measurements.judge.metrics import Mean, Proportion
from releasedesk.measurements.judge.verdicts import ORDER, against_limit, comparison_verdict, confirmed
from tests.measurements.judge.measured import metric, requests, side, told

RESPONSES = {name: METRICS[name] for name in ("response_ms_p50", "response_ms_p95", "response_ms_p99")}


@pytest.mark.parametrize(
    ("limits", "verdict"),
    [
        ((0.11, 0.3), "regressed"),
        ((0.10, 0.3), "inconclusive"),
        ((-0.3, -0.11), "improved"),
        ((-0.3, -0.10), "inconclusive"),
        ((-0.10, 0.10), "unchanged"),
        ((-0.10, 0.11), "inconclusive"),
        ((-0.5, 0.5), "inconclusive"),
    ],
)
def test_the_whole_interval_must_lie_past_the_limit_or_within_it(
    limits: tuple[float, float], verdict: str
) -> None:
    assert against_limit(limits, 0.10, "lower") == verdict
    mirrored = {"regressed": "improved", "improved": "regressed"}.get(verdict, verdict)
    assert against_limit(limits, 0.10, "higher") == mirrored


@pytest.mark.parametrize(("surer", "verdict"), [((0.101, 0.4), "regressed"), ((0.09, 0.4), "inconclusive")])
def test_whoever_says_past_the_limit_has_to_be_surer(surer: tuple[float, float], verdict: str) -> None:
    assert confirmed((0.11, 0.3), lambda: surer, 0.10, "lower") == verdict
    mirrored = {"regressed": "improved"}.get(verdict, verdict)
    assert confirmed((0.11, 0.3), lambda: surer, 0.10, "higher") == mirrored
    assert confirmed((-0.09, 0.09), lambda: surer, 0.10, "lower") == "unchanged"


def test_a_rise_that_only_the_95_percent_interval_puts_past_the_limit_is_undecided_and_shows_both() -> None:
    before, after = Proportion(2, 2_000), Proportion(21, 2_000)
    found = find(METRICS["error_rate"], before, after)
    assert (found.verdict, found.reason) == ("inconclusive", "undecided")
    assert found.limits is not None
    assert found.surer is not None
    assert found.surer[0] < 0.005 < found.limits[0] < found.limits[1] < found.surer[1]
    assert found.figures()["surer"] == {"confidence": 0.98, "interval": list(found.surer)}
    assert found.more == 800, "the number that brings the wider interval past the limit, too"


def test_requests_that_count_as_too_few_put_nothing_past_a_limit() -> None:
    policy = METRICS["cache_hit_rate"]
    many = Proportion(160, 200, effective=31.0), Proportion(20, 200, effective=31.0)
    few = Proportion(160, 200, effective=29.0), Proportion(20, 200, effective=31.0)
    assert find(policy, *many).verdict == "regressed"
    found = find(policy, *few)
    assert (found.verdict, found.figures()["surer"]) == (
        "inconclusive",
        {"confidence": 0.98, "interval": [None, None]},
    )


def test_five_windows_accuse_only_where_they_lie_apart_and_show_no_memory() -> None:
    before = np.array([187.0, 194, 188, 193, 190])
    clear = judge(side(Windows(response_ms_p95=before)), side(Windows(response_ms_p95=before * 1.3)))
    assert clear.verdict == "suspect"
    touching = np.array([260.0, 193.5, 250, 245, 262])
    nearly = judge(side(Windows(response_ms_p95=before)), side(Windows(response_ms_p95=touching)))
    assert nearly.verdict == "inconclusive"


def test_a_fixed_n_plus_1_is_verified_and_its_database_calls_improved() -> None:
    judgement = judge(side(requests(1_000, seed=1)), side(requests(1_000, seed=2, calls=2, slower=0.7)))
    assert judgement.verdict == "verified"
    assert metric(judgement, "db_calls").verdict == "improved"
    assert metric(judgement, "response_ms_p95").verdict == "improved"


def test_a_slow_path_is_suspect() -> None:
    judgement = judge(side(requests(1_000, seed=1)), side(requests(1_000, seed=2, slower=1.31)))
    assert judgement.verdict == "suspect"
    assert metric(judgement, "response_ms_p95").verdict == "regressed"


def test_new_errors_are_suspect_however_fast_the_answers() -> None:
    judgement = judge(side(requests(1_000, seed=1)), side(requests(1_000, seed=2, slower=0.5, errors=0.03)))
    assert judgement.verdict == "suspect"
    assert metric(judgement, "error_rate").verdict == "regressed"


def test_equal_sides_with_enough_requests_are_verified_and_unchanged() -> None:
    judgement = judge(side(requests(4_000, seed=1)), side(requests(4_000, seed=2)))
    assert judgement.verdict == "verified"
    assert {finding.verdict for finding in judgement.findings} <= {"unchanged", "inconclusive"}
    assert metric(judgement, "response_ms_p95").verdict == "unchanged"


def test_too_few_requests_are_inconclusive_and_say_how_many_are_missing() -> None:
    found = told(judge(side(requests(99, seed=1)), side(requests(1_000, seed=2))), "response_ms_p95")
    assert (found["verdict"], found["reason"], found["more_requests"]) == ("inconclusive", "too_few", 1)
    assert (found["interval"], found["confidence"], found["change"]) == (None, None, None)


def test_no_policy_lowers_the_minimum_below_what_a_quantile_can_bear() -> None:
    eager = {"response_ms_p99": replace(METRICS["response_ms_p99"], minimum=1)}
    judgement = judge(side(requests(499, seed=1)), side(requests(499, seed=2)), eager)
    assert metric(judgement, "response_ms_p99").reason == "too_few"


def test_so_many_more_requests_as_it_says_do_decide_it() -> None:
    """The rates stay as they are, so the forecast for a rate can be checked exactly."""
    policy = METRICS["error_rate"]
    found = find(policy, Proportion(0, 300), Proportion(0, 300))
    assert found.verdict == "inconclusive"
    assert found.more is not None
    n = 300 + found.more
    assert find(policy, Proportion(0, n), Proportion(0, n)).verdict == "unchanged"
    n -= 20
    assert find(policy, Proportion(0, n), Proportion(0, n)).verdict == "inconclusive"


def test_a_mean_is_decided_after_about_as_many_more_requests_as_it_says() -> None:
    policy = METRICS["db_calls"]
    found = find(policy, Mean(12.0, 9.0, 100), Mean(12.1, 9.0, 100))
    assert found.more is not None
    n = 100 + found.more
    assert find(policy, Mean(12.0, 9.0, n), Mean(12.1, 9.0, n)).verdict == "unchanged"


def test_a_change_at_its_limit_is_not_promised_to_be_decided() -> None:
    found = find(METRICS["db_calls"], Mean(12.0, 9.0, 100), Mean(12.5, 9.0, 100))
    assert (found.verdict, found.more) == ("inconclusive", None)


@pytest.mark.parametrize(
    ("absent", "reason"), [("before", "missing_before"), ("after", "missing_after"), ("both", "missing")]
)
def test_a_side_that_is_absent_is_not_measured(absent: str, reason: str) -> None:
    measured = side(requests(1_000, seed=1))
    before, after = (None if absent in {name, "both"} else measured for name in ("before", "after"))
    judgement = judge(before, after)
    assert judgement.verdict == "not_measured"
    assert {(finding.verdict, finding.reason) for finding in judgement.findings} == {("not_measured", reason)}
    assert judgement.environment == (None if absent == "both" else "production")


def test_a_metric_that_one_side_lacks_is_not_measured_and_the_others_are_judged() -> None:
    without = replace(requests(1_000, seed=2), db_calls=None, cache=None)
    judgement = judge(side(requests(1_000, seed=1)), side(without))
    assert metric(judgement, "db_calls").reason == "missing_after"
    assert metric(judgement, "response_ms_p95").verdict in {"unchanged", "inconclusive"}


def test_no_requests_at_all_are_not_measured() -> None:
    empty = Requests.from_columns([], [], [], [])
    assert judge(side(empty), side(empty)).verdict == "not_measured"


@pytest.mark.parametrize(
    ("conditions", "code", "said"),
    [
        ({"route": "GET /"}, "other_route", "Before was measured on GET /, after on GET /basket/{id}"),
        ({"environment": "staging"}, "other_environment", "in staging, after in production"),
        ({"cache_state": "warm"}, "other_cache_state", "with a warm cache, after with a cold one"),
        ({"cache_state": None}, "other_cache_state", "Before does not say how warm its cache was"),
        (
            {"cache_cleared": "*"},
            "other_cache_cleared",
            "Before cleared * from the cache, after cleared basket:*",
        ),
        ({"cache_cleared": None}, "other_cache_cleared", "Before cleared nothing from the cache"),
    ],
)
def test_other_conditions_are_not_comparable(conditions: dict[str, Any], code: str, said: str) -> None:
    usual = {"cache_state": "cold", "cache_cleared": "basket:*"}
    after = side(requests(1_000, seed=2, slower=3.0), **usual)
    judgement = judge(side(requests(1_000, seed=1), **{**usual, **conditions}), after)
    assert judgement.verdict == "not_comparable"
    assert not judgement.comparable
    assert [reason.code for reason in judgement.reasons] == [code]
    assert said in judgement.sentence
    assert {finding.verdict for finding in judgement.findings} == {"not_comparable"}
    assert all(found["interval"] is None for found in judgement.to_json()["metrics"])


def test_windows_are_not_compared_with_requests() -> None:
    windows = Windows.from_json({"response_ms_p95": [190.0] * 8})
    judgement = judge(side(windows), side(requests(1_000, seed=1)))
    assert [reason.code for reason in judgement.reasons] == ["other_measurement"]


def test_windows_are_judged_by_their_shift() -> None:
    random = np.random.default_rng(1)
    before = side(Windows(response_ms_p95=190 + random.normal(0, 4, 8)))
    after = side(Windows(response_ms_p95=np.append(249 + random.normal(0, 4, 8), np.nan)))
    found = told(judge(before, after), "response_ms_p95")
    assert (found["verdict"], found["n_before"], found["n_after"]) == ("regressed", 8, 8)
    assert found["interval"][0] < found["change"] < found["interval"][1]


def test_four_windows_are_too_few_whatever_they_say() -> None:
    before, after = (side(Windows(response_ms_p95=np.full(4, ms))) for ms in (190.0, 900.0))
    found = told(judge(before, after), "response_ms_p95")
    assert (found["verdict"], found["more_windows"], found["more_requests"]) == ("inconclusive", 1, None)


def test_windows_that_hold_only_gaps_are_not_measured() -> None:
    gaps = side(Windows(response_ms_p95=np.full(9, np.nan)))
    assert judge(gaps, gaps).verdict == "not_measured"


@pytest.mark.parametrize(
    ("p95", "verdict"), [(209.0, "unchanged"), (209.1, "regressed"), (170.9, "improved")]
)
def test_aggregates_are_judged_against_the_limit_alone_and_say_so(p95: float, verdict: str) -> None:
    before, after = (side(Summary(requests=2_000, errors=3, response_ms_p95=ms)) for ms in (190.0, p95))
    found = told(judge(before, after), "response_ms_p95")
    assert (found["verdict"], found["reason"]) == (verdict, "aggregate_only")
    assert (found["interval"], found["confidence"]) == (None, None)
    assert found["sentence"].endswith("Aggregate only, no interval.")


def test_requests_against_a_typed_aggregate_are_judged_as_aggregates() -> None:
    before = requests(2_000, seed=1)
    judgement = judge(side(before), side(requests(2_000, seed=2, slower=1.5).summary()))
    assert metric(judgement, "response_ms_p95").reason == "aggregate_only"
    assert judgement.verdict == "suspect"


def test_from_no_errors_the_absolute_rule_decides_a_relative_policy() -> None:
    relative = {"error_rate": replace(METRICS["error_rate"], kind="relative", allowed=0.5)}
    before, after = side(requests(1_000, seed=1)), side(requests(1_000, seed=2, errors=0.03))
    found = told(judge(before, after, relative), "error_rate")
    assert (found["verdict"], found["reason"]) == ("regressed", "from_zero")
    assert (found["change_kind"], found["allowed"]) == ("absolute", 0.005)
    assert found["change"] == pytest.approx(0.03)


def test_a_relative_policy_of_a_rate_and_of_a_mean_has_an_interval() -> None:
    relative = {
        "error_rate": replace(METRICS["error_rate"], kind="relative", allowed=0.5),
        "db_calls": replace(METRICS["db_calls"], kind="relative", allowed=0.1),
    }
    before, after = requests(2_000, seed=1, errors=0.02), requests(2_000, seed=2, errors=0.08, calls=28)
    judgement = judge(side(before), side(after), relative)
    errors, calls = told(judgement, "error_rate"), told(judgement, "db_calls")
    assert (errors["verdict"], errors["change"]) == ("regressed", pytest.approx(3.0))
    assert calls["change"] == pytest.approx(28 / 31 - 1)
    assert calls["verdict"] == "unchanged"


def test_a_response_time_may_have_an_absolute_limit() -> None:
    absolute = {"response_ms_p95": replace(METRICS["response_ms_p95"], kind="absolute", allowed=20.0)}
    found = told(
        judge(side(requests(2_000, seed=1)), side(requests(2_000, seed=2, slower=1.3)), absolute),
        "response_ms_p95",
    )
    assert (found["verdict"], found["change_kind"]) == ("regressed", "absolute")
    assert found["interval"][0] > 20
    assert 0.2 < found["relative"]["interval"][0] < found["relative"]["change"] < 0.4


def test_a_muted_metric_is_shown_and_has_no_say() -> None:
    muted = {**METRICS, **{name: replace(policy, muted=True) for name, policy in RESPONSES.items()}}
    judgement = judge(side(requests(1_000, seed=1)), side(requests(1_000, seed=2, slower=2.0)), muted)
    assert metric(judgement, "response_ms_p95").verdict == "regressed"
    assert judgement.verdict == "verified"
    assert "p95" not in judgement.sentence


def test_when_everything_is_muted_nothing_counts_as_measured() -> None:
    muted = {name: replace(policy, muted=True) for name, policy in METRICS.items()}
    assert (
        judge(side(requests(1_000, seed=1)), side(requests(1_000, seed=2)), muted).verdict == "not_measured"
    )


def test_a_must_have_metric_that_was_not_measured_keeps_a_release_from_being_verified() -> None:
    before, after = (
        side(replace(requests(2_000, seed=seed, slower=slower), db_calls=None))
        for seed, slower in ((1, 1.0), (2, 0.7))
    )
    assert judge(before, after).verdict == "verified"
    must_have = {**METRICS, "db_calls": replace(METRICS["db_calls"], must_have=True)}
    judgement = judge(before, after, must_have)
    assert judgement.verdict == "inconclusive"
    assert judgement.sentence.startswith("DB calls per request were not measured")


def test_a_policy_of_an_unknown_metric_is_refused() -> None:
    with pytest.raises(ValueError, match="no metric called 'apdex'; known are response_ms_p50, "):
        judge(None, None, {"apdex": Policy("apdex", "higher", 0.1, "absolute", critical=False, minimum=1)})


def counted(verdict: MetricVerdict, *flags: str, reason: str | None = None) -> Finding:
    critical, must_have, muted = (flag in flags for flag in ("critical", "must_have", "muted"))
    policy = replace(METRICS["db_calls"], critical=critical, must_have=must_have, muted=muted)
    return Finding(policy, verdict, reason)


@pytest.mark.parametrize(
    ("metrics", "verdict"),
    [
        ([], "not_measured"),
        ([counted("not_measured", "critical"), counted("not_measured")], "not_measured"),
        ([counted("regressed"), counted("inconclusive", "critical"), counted("improved")], "suspect"),
        ([counted("regressed", "muted"), counted("unchanged")], "verified"),
        ([counted("not_comparable"), counted("not_measured")], "not_comparable"),
        ([counted("inconclusive", "critical"), counted("improved")], "inconclusive"),
        ([counted("inconclusive", "must_have"), counted("improved")], "inconclusive"),
        ([counted("inconclusive", reason="cache_hits"), counted("improved")], "inconclusive"),
        ([counted("inconclusive"), counted("improved")], "verified"),
        ([counted("not_measured", "critical"), counted("unchanged")], "verified"),
        ([counted("not_measured", "must_have"), counted("unchanged")], "inconclusive"),
        ([counted("inconclusive"), counted("not_measured")], "inconclusive"),
    ],
)
def test_the_first_rule_that_holds_gives_the_verdict(metrics: list[Finding], verdict: str) -> None:
    for order in permutations(metrics):
        assert comparison_verdict(order) == verdict


def test_the_worst_route_speaks_for_the_release() -> None:
    for place, verdict in enumerate(ORDER):
        assert worst(reversed(ORDER[place:])) == verdict
    assert worst([]) == "not_measured"


def test_the_highest_environment_in_which_anything_was_measured_speaks_for_the_release() -> None:
    staging, production = 10, 20
    assert release_verdict([(staging, "suspect"), (production, "verified")]) == "verified"
    assert release_verdict([(staging, "suspect"), (production, "not_measured")]) == "suspect"
    assert release_verdict([(production, "verified"), (production, "inconclusive")]) == "inconclusive"
    assert release_verdict([]) == "not_measured"


def test_the_same_evidence_gives_the_same_answer_and_the_shape_of_the_contract() -> None:
    def answer() -> str:
        return json.dumps(judge(side(requests(600, seed=1)), side(requests(600, seed=2))).to_json())

    assert answer() == answer()
    body = json.loads(answer())
    assert {"verdict", "sentence", "judge", "environment", "route", "comparable", "metrics"} <= body.keys()
    assert [found["metric"] for found in body["metrics"]] == list(METRICS)
    contract = "metric before after change change_kind interval confidence allowed verdict reason sentence"
    assert all(set(contract.split()) <= found.keys() for found in body["metrics"])
