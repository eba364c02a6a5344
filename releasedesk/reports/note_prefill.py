"""What a note begins with: what the desk has been told already, so that only the rest is to be written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from releasedesk.catalog.models import Tier
from releasedesk.releases.history import Mode, Status
from releasedesk.releases.models import Deployment, Release
from releasedesk.reports.recovery import recovered
from releasedesk.reports.verdicts import Judged, State, judged
from releasedesk.reports.wording import metric_mark
from releasedesk.rollbacks.wording import duration, moment


@dataclass(frozen=True, slots=True)
class Prefill:
    """Texts by the note's field, where each comes from, and whether the release was rolled back."""

    texts: Mapping[str, str]
    files: tuple[str, ...]
    sources: Mapping[str, str]
    rolled_back: bool


def note_prefill(release: Release) -> Prefill:
    """Gather from the plan, from CI and from the judge, in a fixed number of queries."""
    standing = judged([release])[release.pk]
    rolled_back = standing.state is State.ROLLED_BACK
    known = {
        "reason": (release.reason, "From the plan."),
        "command_used": (_command(release), "Of the last successful deployment to production."),
        "metric_improved": ("\n".join(_improved(standing)), "From the comparison."),
        "assumptions": (release.assumptions, "From the plan."),
        "surprise": (_way_back(release) if rolled_back else "", "From the deployments."),
    }
    return Prefill(
        texts={name: text for name, (text, _) in known.items()},
        files=tuple(release.files_touched),
        sources={
            **{name: source for name, (text, source) in known.items() if text},
            **({"files_touched": "From CI."} if release.files_touched else {}),
        },
        rolled_back=rolled_back,
    )


def _command(release: Release) -> str:
    """The command of the last success in production, whether it came with its end or with its start."""
    successes = Deployment.objects.filter(
        release=release, environment__tier=Tier.PRODUCTION, status=Status.SUCCEEDED
    )
    last = successes.select_related("start", "finish").newest_first().first()
    facts = (last.finish, last.start) if last else ()
    return next((fact.command for fact in facts if fact and fact.command), "")


def _improved(standing: Judged) -> Iterator[str]:
    """A line for each metric that improved in the highest tier that was measured."""
    if not standing.comparisons:
        return
    highest = max((row.environment for row in standing.comparisons), key=lambda place: place.rank)
    for row in standing.comparisons:
        if row.environment_id != highest.pk:
            continue
        for metric in row.result["metrics"]:
            if metric["verdict"] == "improved" and not metric["muted"]:
                yield f"{metric_mark(metric).words} on `{row.route}`: {metric['sentence']}"


def _way_back(release: Release) -> str:
    """What is known of the last rollback that took it back; why is for somebody to say, if nobody has."""
    backs = Deployment.objects.filter(replaced=release, mode=Mode.ROLLBACK, service=release.service_id)
    last = backs.select_related("environment", "release", "finish", "start").newest_first()[:1]
    found = next(iter(recovered(last)), None)
    if found is None:
        return ""
    row, run = found.deployment, found.run
    took = f" in {duration(found.seconds)}" if found.seconds is not None else ""
    beside = f" (rehearsed in {duration(found.rehearsed_seconds)})" if found.rehearsed_seconds else ""
    culprit = f" It was {found.culprit.release.version}: {found.culprit.because}" if found.culprit else ""
    what = f"{release.version} was rolled back to {row.release.version} in {row.environment.name}"
    return f"{what}{took}{beside}, {moment(row.at)}.\n\nWhy: {run.reason if run else ''}{culprit}"
