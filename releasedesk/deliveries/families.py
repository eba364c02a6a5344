"""Names of one family, as `review/mr-1` and `review/mr-2`: it is said once what `review/*` are. Pure."""

from collections.abc import Iterator, Mapping

ALL = "/*"


def family_of(name: str) -> str:
    """`review/mr-1` → `review/*`: its family, by what stands before the first `/`; empty for a name alone.

    An address is alone: `https:` is no family.
    """
    head, _, rest = name.partition("/")
    return f"{head}{ALL}" if head and rest and not rest.startswith("/") else ""


def beginning(family: str) -> str:
    """`review/*` → `review/`: what every name of a family begins with; empty for what is no family."""
    return family.removesuffix("*") if family.endswith(ALL) and family != ALL else ""


class Families(Mapping[str, str]):
    """Theirs → ours. A name that nobody has explained by itself means what its nearest family means."""

    def __init__(self, said: Mapping[str, str]) -> None:
        self.said = said

    def __getitem__(self, name: str) -> str:
        """What is meant by a name. Raises KeyError."""
        if name in self.said:
            return self.said[name]
        above = name
        while "/" in above:
            above = above.rpartition("/")[0]
            if (ours := self.said.get(f"{above}{ALL}")) is not None:
                return ours
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.said)

    def __len__(self) -> int:
        return len(self.said)
