"""Which commits a release brings: its own and those before it, down to another release's. Pure.

Only what is known decides, never when it was told: the same commits and releases give the same shares.
"""

from collections.abc import Collection, Mapping

SHARE_AT_MOST = 1000


def shares(parents: Mapping[str, str], named: Collection[str]) -> dict[str, list[str]]:
    """Share commits out. `parents` is a commit → what it stands on, `named` the commits of releases.

    Answers, for every named commit that is known, the commits it brings, itself first. Each commit belongs to
    the first named one that stands on it; the walk ends where the parent is not known.
    """
    ends = set(named)
    return {sha: _share(sha, parents, ends) for sha in ends if sha in parents}


def _share(sha: str, parents: Mapping[str, str], ends: set[str]) -> list[str]:
    found = [sha]
    seen = {sha}
    while len(found) < SHARE_AT_MOST:
        sha = parents[sha]
        if sha not in parents or sha in ends or sha in seen:
            break
        found.append(sha)
        seen.add(sha)
    return found
