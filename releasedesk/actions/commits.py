"""Keep what is known of commits, and give it to the releases that have them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from releasedesk.accounts.roles import DESK, Actor, Role
from releasedesk.actions.checklist import report_check
from releasedesk.catalog.models import Service
from releasedesk.checklists import jobs
from releasedesk.checklists.decided import Decided
from releasedesk.operations.statements import run
from releasedesk.releases import lineage
from releasedesk.releases.models import Change, Commit, CommitCheck, Release

SHORTEST = 7


@dataclass(frozen=True, slots=True)
class Pushed:
    """A commit as a push told of it. `parent` is empty where it is not known."""

    sha: str
    parent: str
    subject: str = ""
    author: str = ""
    committed_at: datetime | None = None


def record_commits(
    actor: Actor, service: Service, commits: Sequence[Pushed], *, at: datetime, source: str, key: str
) -> None:
    """Keep a push to the main line. Of two pushes of one commit the later counts, whichever comes first.

    Raises 403 for somebody else's service.
    """
    _allow(actor, service)
    with transaction.atomic():
        Service.objects.filter(pk=service.pk).changed()
        known = {row.sha: row for row in service.commits.filter(sha__in=[each.sha for each in commits])}
        rows = [
            Commit(
                service=service,
                sha=each.sha,
                parent=each.parent,
                subject=each.subject,
                author=each.author,
                committed_at=each.committed_at,
                pushed_at=at,
                source=source,
                key=key,
            )
            for each in {each.sha: each for each in commits}.values()
            if each.sha not in known or _order(known[each.sha]) < (at, source.encode(), key.encode())
        ]
        Commit.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["service", "sha"],
            update_fields=["parent", "subject", "author", "committed_at", "pushed_at", "source", "key"],
        )
        share_out(service, {row.sha for row in rows})


def record_commit_check(actor: Actor, service: Service, check: CommitCheck) -> None:
    """Keep what CI found about a commit, and tick it on every release of that commit.

    `check` is not stored yet. Raises 403, and 422 for an item that the checklists of its release lack.
    """
    _allow(actor, service)
    with transaction.atomic():
        Service.objects.filter(pk=service.pk).changed()
        check.service, check.actor = service, actor.label
        check.save(force_insert=True)
        short = [check.sha[:length] for length in range(SHORTEST, len(check.sha) + 1)]
        named = Q(commit__in=short) | Q(reported_commit__in=short) | Q(tagged_commit__in=short)
        for release in service.releases.filter(named).select_related("service"):
            if check.sha.startswith(release.sha):
                _tick(release, [check.item])


def know_commit(service: Service, release: Release) -> None:
    """Give a release whose commit is another one now what is known of that. Its service is held."""
    release.service = service
    know_commits([release])


def know_commits(releases: Iterable[Release]) -> None:
    """Give releases whose commits are other ones now what is known of those. Services are held."""
    releases = list(releases)
    told = {pk for (pk,) in run(TOLD_OF_COMMITS, [[release.service_id for release in releases]])}
    its: dict[Service, list[Release]] = {}
    for release in releases:
        if release.service_id in told:
            _tick_anew(release)
            its.setdefault(release.service, []).append(release)
    for service, changed in its.items():
        left = Change.objects.filter(release__in=changed, shared=True).values_list("sha", flat=True)
        share_out(service, {*(release.sha for release in changed), *left})


TOLD_OF_COMMITS = """
SELECT service.id FROM unnest(%s::bigint[]) AS service(id)
WHERE EXISTS (SELECT FROM releases_commit WHERE service_id = service.id)
OR EXISTS (SELECT FROM releases_commitcheck WHERE service_id = service.id)
"""


def share_out(service: Service, touched: Collection[str]) -> None:
    """Bring the changes of the releases up to date after these commits, or their releases, became known."""
    parents = dict(service.commits.values_list("sha", "parent"))
    if not parents or not touched:
        return
    named: dict[str, list[Release]] = {}
    releases = service.releases.exclude(commit="", reported_commit="", tagged_commit="")
    for release in releases.only("service_id", "version", "commit", "reported_commit", "tagged_commit"):
        if sha := _whole(release.sha, parents):
            named.setdefault(sha, []).append(release)
    whole = {_whole(sha, parents) for sha in touched}
    shares = lineage.shares(parents, named)
    shared = {sha: share for sha, share in shares.items() if not whole.isdisjoint(share)}
    moved = whole.union(*shared.values())
    held = Change.objects.filter(release__service=service, shared=True, sha__in=moved)
    holders = set(held.values_list("release_id", flat=True))
    for sha, share in shares.items():
        for release in named[sha]:
            if sha in shared or release.pk in holders:
                _set_shared(release, share)
    known = {release.pk for sha in shares for release in named[sha]}
    held.filter(release__in=holders - known).delete()


def _set_shared(release: Release, share: Sequence[str]) -> None:
    """Make these the commits that the release has from pushes; what was reported for it stays."""
    told = {sha for sha, shared in release.changes.values_list("sha", "shared") if not shared}
    wanted = {sha for sha in share if not is_told(sha, told)}
    release.changes.filter(shared=True).exclude(sha__in=wanted).delete()
    commits = Commit.objects.filter(service=release.service_id, sha__in=wanted)
    Change.objects.bulk_create(
        [
            Change(
                release=release,
                sha=row.sha,
                subject=row.subject,
                author=row.author,
                committed_at=row.committed_at,
                shared=True,
            )
            for row in commits
        ],
        update_conflicts=True,
        unique_fields=["release", "sha"],
        update_fields=["subject", "author", "committed_at"],
    )


def is_told(sha: str, told: Collection[str]) -> bool:
    """Whether a commit is among those that CI told of a release, perhaps by short names."""
    return sha.startswith(tuple(told))


def _tick_anew(release: Release) -> None:
    """Let what was found about the commit that a release has now decide its items, and of no other commit."""
    is_decided = Decided.objects.filter(item__release=release).exists()
    _tick(release, release.items.values_list("key", flat=True))
    if is_decided:
        _count_anew(release)


def _tick(release: Release, items: Iterable[str]) -> None:
    """Decide these items, of those that the release has, by what was found about its commit."""
    checks = CommitCheck.objects.of(release.service, release.sha)
    found: dict[str, list[CommitCheck]] = {}
    for check in checks.filter(item__in=release.items.filter(key__in=items).values("key")).in_order():
        found.setdefault(check.item, []).append(check)
    told = Decided.objects.filter(item__release=release, item__key__in=found)
    decisions = {(each.source, each.key): each for each in told}
    corrected = False
    for its in found.values():
        for check, decisive in zip(its, jobs.decisive(its), strict=True):
            before = decisions.get((check.source, check.key))
            if before and (before.outcome, before.evidence) == (decisive.outcome, decisive.url):
                continue
            if before:
                before.delete()
                corrected = True
            _report(release, check, decisive)
    if corrected:
        _count_anew(release)


def _report(release: Release, check: CommitCheck, decisive: CommitCheck) -> None:
    """Say what a check has decided; a decision that a late word of another job has overtaken is gone."""
    report_check(
        replace(DESK, label=decisive.actor),
        release,
        check.item,
        decisive.outcome,
        evidence=decisive.url,
        at=check.occurred_at,
        source=check.source,
        event=check.key,
    )


def _count_anew(release: Release) -> None:
    """Let the newest decision about each item count, but for those that came of other commits' checks."""
    decisions = Decided.objects.filter(item__release=release)
    its = CommitCheck.objects.of(release.service, release.sha)
    others = CommitCheck.objects.filter(service=release.service).exclude(pk__in=its)
    of_others = others.filter(source=OuterRef("source"), key=OuterRef("key"))
    newest: dict[int, Decided] = {}
    for decision in decisions.exclude(Exists(of_others)).newest_first():
        newest.setdefault(decision.item_id, decision)
    for item in release.items.filter(pk__in=decisions.values("item")):
        item.follow(newest.get(item.pk))


def _whole(sha: str, parents: Mapping[str, str]) -> str:
    """The known commit that a sha, perhaps a short one, names; empty for none."""
    sha = sha.lower()
    return sha if sha in parents else next((each for each in parents if sha and each.startswith(sha)), "")


def _order(row: Commit) -> tuple[datetime, bytes, bytes]:
    return row.pushed_at, row.source.encode(), row.key.encode()


def _allow(actor: Actor, service: Service) -> None:
    actor.require(
        Role.ENGINEER, team_id=service.team_id, service_id=service.pk, what=f"report on {service.slug}"
    )
