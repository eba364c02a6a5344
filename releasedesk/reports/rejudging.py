"""What a newer judge would say of comparisons that an older one has judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from releasedesk.catalog.models import Service
from releasedesk.measurements.judge import JUDGE_VERSION, judge
from releasedesk.measurements.models import Comparison
from releasedesk.measurements.policies import kept

_AT_ONCE = 50  # each brings up to 600 kB of requests along


@dataclass(frozen=True, slots=True)
class Rejudged:
    """One comparison as it is kept, and what this judge says of the same numbers with the same limits."""

    kept: Comparison
    verdict: str
    sentence: str

    @property
    def is_other(self) -> bool:
        """Whether the verdict would be another."""
        return self.verdict != self.kept.verdict

    @property
    def says_other(self) -> bool:
        """Whether anything that people read would be another."""
        return self.is_other or self.sentence != self.kept.sentence


def rejudged(service: Service | None = None) -> Iterator[Rejudged]:
    """Yield every current comparison of another judge's version, judged anew; of one service or of all."""
    rows = Comparison.objects.current().exclude(judge=JUDGE_VERSION)
    if service is not None:
        rows = rows.filter(release__service=service)
    needed = ("release__service", "environment", "before__environment", "after__environment")
    ordered = rows.select_related(*needed).order_by("release__service__slug", "judged_at", "pk")
    for row in ordered.iterator(chunk_size=_AT_ONCE):
        judgement = judge(row.before.as_side(), row.after.as_side(), kept(row.limits))
        yield Rejudged(row, judgement.verdict, judgement.sentence)
