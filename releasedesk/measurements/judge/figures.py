"""Numbers as people write them. Rounding happens here and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from releasedesk.measurements.judge.policy import UNITS

if TYPE_CHECKING:
    from releasedesk.measurements.judge.findings import Finding
    from releasedesk.measurements.judge.intervals import Limits

MINUS = "\u2212"


def _decimals(number: float, *, plain_from: float = 100.0) -> int:
    size = abs(number)
    return 0 if size >= plain_from else 1 if size >= plain_from / 10 else 2


def _plain(number: float, decimals: int) -> str:
    text = f"{number:.{decimals}f}"
    return "0" if float(text) == 0 else text


def pair(before: float, after: float, unit: str) -> tuple[str, str]:
    """Write the two values of a comparison without their unit: 190 and 249, 31.0 and 11.8."""
    if unit == "calls" and before == round(before) and after == round(after):
        return f"{before:.0f}", f"{after:.0f}"
    if unit == "share":
        return _percent(before), _percent(after)
    return _plain(before, _decimals(before)), _plain(after, _decimals(after))


def _percent(share: float) -> str:
    return _plain(100 * share, _decimals(100 * share, plain_from=10.0))


def value(number: float, unit: str) -> str:
    """Write one value with its unit, as somebody set it: 200 ms, 0.5 %, 12."""
    return f"{100 * number if unit == 'share' else number:.6g}{suffix(unit)}"


def share(number: float) -> str:
    """Write a share: 12 %."""
    return f"{_percent(number)} %"


def suffix(unit: str) -> str:
    """Write the unit as it follows a value."""
    return {"ms": " ms", "share": " %"}.get(unit, "")


def _signed(number: float, decimals: int) -> str:
    text = _plain(number, decimals)
    if text == "0":
        return text
    return text.replace("-", MINUS) if number < 0 else f"+{text}"


def _scale(finding: Finding) -> tuple[float, str, float]:
    """Return factor, unit and the size from which decimals say nothing, for a change of this metric."""
    unit = UNITS[finding.policy.metric]
    if finding.kind == "relative":
        return 100.0, " %", 10.0
    return (100.0, " pt", 10.0) if unit == "share" else (1.0, suffix(unit), 100.0)


def change(finding: Finding, number: float) -> str:
    """Write a change in the unit of its limit: +31 %, +0.01 pt, +19.2."""
    factor, unit, plain_from = _scale(finding)
    whole = unit == "" and number == round(number)
    decimals = 0 if whole else _decimals(factor * number, plain_from=plain_from)
    return _signed(factor * number, decimals) + unit


def between(finding: Finding, limits: Limits) -> str:
    """Write an interval, with enough decimals to keep its ends apart: +24 and +37 %."""
    factor, unit, plain_from = _scale(finding)
    fewest = [_decimals(factor * limit, plain_from=plain_from) for limit in limits]
    for more in range(4):
        lower, upper = (
            _signed(factor * limit, decimals + more) for limit, decimals in zip(limits, fewest, strict=True)
        )
        if lower != upper:
            break
    return f"{lower} and {upper}{unit}"


def limit(finding: Finding, sign: str) -> str:
    """Write the limit behind `sign`: ±10 %."""
    factor, unit, _ = _scale(finding)
    return f"{sign}{factor * finding.allowed:g}{unit}"
