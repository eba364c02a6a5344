r"""What an .env file sets: names and values, read as python-dotenv and Docker Compose read them. Pure.

`NAME=value`, also after `export`. In single quotes everything is meant literally, in double quotes `\n`,
`\t`, `\"` and `\\` are read; without quotes the value ends before ` #`. Variables in values are not expanded:
they stand there as they are written, in staging and in production alike.
"""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

from releasedesk.cli.exits import Trouble

LINE = re.compile(r"\s*(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)\s*=\s*(?P<value>.*)", re.DOTALL)
DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(?:#.*)?', re.DOTALL)
SINGLE = re.compile(r"'([^']*)'\s*(?:#.*)?", re.DOTALL)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$"}


def read(text: str, name: str) -> dict[str, str]:
    """Read the file. Raises Trouble, naming the line that sets nothing; the later of two settings counts."""
    found = {}
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            setting = LINE.fullmatch(line)
            value = _value(setting["value"]) if setting else None
            if setting is None or value is None:
                raise Trouble(f"{name}, line {number} is not NAME=value, or its quotes do not end on it.")
            found[setting["name"]] = value
    return found


def only(settings: dict[str, str], patterns: Iterable[str], where: str) -> dict[str, str]:
    """Keep the settings of these names, `*` and `?` allowed. Raises Trouble for one that names nothing."""
    chosen: dict[str, str] = {}
    for pattern in patterns:
        named = {name: value for name, value in settings.items() if fnmatchcase(name, pattern)}
        if not named:
            raise Trouble(
                f"{where} has no {pattern}. What is missing here would go unnoticed: take it out of --only."
            )
        chosen |= named
    return chosen


def _value(text: str) -> str | None:
    """Unquote a value; None where a quote is opened and not closed."""
    if text.startswith('"'):
        found = DOUBLE.fullmatch(text)
        return re.sub(r"\\(.)", _escaped, found[1], flags=re.DOTALL) if found else None
    if text.startswith("'"):
        found = SINGLE.fullmatch(text)
        return found[1] if found else None
    return re.split(r"\s+#", text, maxsplit=1)[0].strip()


def _escaped(match: re.Match[str]) -> str:
    return ESCAPES.get(match[1], match[0])
