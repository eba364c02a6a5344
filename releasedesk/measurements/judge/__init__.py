"""The judge: before against after, with an interval, a verdict and a sentence. Pure; see docs/judge.md."""

from releasedesk.measurements.judge import figures
from releasedesk.measurements.judge.judgement import JUDGE_VERSION, Judgement, Reason, judge
from releasedesk.measurements.judge.policy import LABELS, METRICS, NAMING, UNITS, Policy
from releasedesk.measurements.judge.samples import Evidence, Requests, Side, Summary, Windows
from releasedesk.measurements.judge.verdicts import ORDER, MetricVerdict, Verdict, release_verdict, worst

__all__ = [
    "JUDGE_VERSION",
    "LABELS",
    "METRICS",
    "NAMING",
    "ORDER",
    "UNITS",
    "Evidence",
    "Judgement",
    "MetricVerdict",
    "Policy",
    "Reason",
    "Requests",
    "Side",
    "Summary",
    "Verdict",
    "Windows",
    "figures",
    "judge",
    "release_verdict",
    "worst",
]
