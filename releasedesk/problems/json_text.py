"""JSON as it crosses the boundary: bytes → values, or the 400 that says why not. Pure."""

import json
from codecs import BOM_UTF8
from typing import Any

from releasedesk.problems.problem import Problem

DEPTH_AT_MOST = 32


def parse_json(raw: bytes) -> Any:
    """Return the parsed body. Raises 400 for what is not JSON, not UTF-8, or nested too deeply."""
    try:
        parsed = json.loads(
            raw.removeprefix(BOM_UTF8).decode()
        )  # Windows' tools put one before what they write
        if raw.count(b"{") + raw.count(b"[") > DEPTH_AT_MOST:
            _refuse_depth(parsed)
    except UnicodeDecodeError as error:
        raise Problem("not-json", f"The body is not UTF-8: {error.reason} at byte {error.start}.") from None
    except RecursionError:
        raise Problem("not-json", "The JSON is nested too deeply.") from None
    except json.JSONDecodeError as error:
        told = f"The body is not JSON: {error}." if raw.strip() else "The body is empty. Send JSON."
        raise Problem("not-json", told) from None
    except ValueError:  # Python's own limit on how many digits it turns into a whole number
        raise Problem("not-json", "The body is not JSON: a number in it has too many digits.") from None
    return parsed


def _refuse_depth(parsed: object) -> None:
    """Raise 400 for what nests deeper than any body of ours; all that comes after may then recurse."""
    level: list[Any] = [parsed]
    for _ in range(DEPTH_AT_MOST + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise Problem("not-json", f"The JSON is nested too deeply: at most {DEPTH_AT_MOST} levels are read.")
