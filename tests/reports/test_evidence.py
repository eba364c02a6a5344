"""Why the desk believes a verdict."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from releasedesk.accounts.models import User
from releasedesk.measurements.models import Comparison, Snapshot
from releasedesk.reports.evidence import because, groups, window_chart
from releasedesk.reports.verdicts import routes_in_words
from releasedesk.reports.window_chart import windows
from tests.builders import NOON, make_release, make_service, make_snapshot, minutes, requests_of

WINDOWS = {"seconds": 15, "response_ms_p95": [190.0, 192, None, 189, 191, 188, 193]}
SUMMARY = {"requests": 2000, "errors": 3, "response_ms": {"p95": 190.0}}


def sides(before: dict[str, Any], after: dict[str, Any]) -> tuple[Snapshot, Snapshot]:
    release = make_release(make_service())
    old = make_snapshot(release, "before", **before)
    return old, make_snapshot(release, "after", at=NOON + minutes(9), **after)


ALL_REQUESTS: dict[str, Any] = {"requests": requests_of(300)}
ALL_WINDOWS: dict[str, Any] = {
    "requests": None,
    "windows": WINDOWS,
    "cache_state": None,
    "cache_cleared": None,
}
COLD = "both with a cold cache, basket:* cleared"
BY = "by the 95 % interval of each change against its limit"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            ALL_REQUESTS,
            ALL_REQUESTS,
            f"Judged from 300 requests on each side, {BY} (98 % to be past it), {COLD}. Judge 3.",
        ),
        (
            ALL_REQUESTS,
            {"requests": requests_of(1200), "cache_state": "warm"},
            f"Judged from 300 requests before and 1,200 requests after, {BY} (98 % to be past it). Judge 3.",
        ),
        (
            ALL_WINDOWS,
            ALL_WINDOWS,
            f"Judged from 7 windows of 15 s on each side, {BY} (99 % to be past it). Judge 3.",
        ),
        (
            {"requests": None, "summary": SUMMARY},
            ALL_REQUESTS,
            (
                "Judged from numbers that somebody read off over 2,000 requests before and 300 requests "
                f"after, by its limit alone, without an interval, {COLD}. Judge 3."
            ),
        ),
    ],
    ids=["requests", "other conditions", "windows", "typed"],
)
@pytest.mark.django_db
def test_what_it_was_judged_from_is_said(before: dict[str, Any], after: dict[str, Any], said: str) -> None:
    old, new = sides(before, after)
    assert because(old, new, Comparison.objects.get().result) == said


def mixed(count: int, hits: int, seed: int) -> dict[str, Any]:
    """Requests of which so many are hits, which are fast."""
    columns = requests_of(count, ms=100 + seed)
    hit = [(index * 7) % count < hits for index in range(count)]
    columns["cache"] = ["hit" if is_hit else "miss" for is_hit in hit]
    columns["response_ms"] = [
        3.0 if is_hit else ms for is_hit, ms in zip(hit, columns["response_ms"], strict=True)
    ]
    return columns


@pytest.mark.django_db
def test_hits_and_misses_are_drawn_apart() -> None:
    old, new = sides({"requests": mixed(600, 60, 0)}, {"requests": mixed(600, 540, 1)})
    samples = {side.pk: side.evidence for side in (old, new)}
    found = groups(old, new, samples, Comparison.objects.get().result)  # type: ignore[arg-type]  # they are requests
    assert [group.name for group in found] == [
        "Cache hits alone",
        "Cache misses alone",
        "At the same share of hits",
    ]
    assert [curve.requests for curve in found[0].distribution.curves] == [60, 540]  # type: ignore[union-attr]  # drawn
    assert [curve.requests for curve in found[1].distribution.curves] == [540, 60]  # type: ignore[union-attr]  # drawn
    assert found[2].distribution is None
    assert found[1].lines[0].label == "Response time, p50"


@pytest.mark.django_db
def test_one_kind_alone_is_not_shown_apart() -> None:
    old, new = sides({"requests": requests_of(300)}, {"requests": requests_of(300)})
    samples = {side.pk: side.evidence for side in (old, new)}
    assert groups(old, new, samples, Comparison.objects.get().result) == ()  # type: ignore[arg-type]  # as above


@pytest.mark.django_db
def test_windows_are_drawn_on_the_page_with_their_table(bob: User) -> None:
    none = {"cache_state": None, "cache_cleared": None, "requests": None}
    old, new = sides({**none, "windows": WINDOWS}, {**none, "windows": WINDOWS})
    chart = window_chart(old, new)
    assert chart is not None
    assert chart.words == (
        "Response time, p95: the median of 6 windows before is 190.5 ms, of 6 after 190.5 ms."
    )
    client = Client()
    client.force_login(bob)
    page = client.get("/services/checkout-api/releases/1.0/").content.decode()
    assert page.count('class="dots"') == 2
    assert '<th scope="row">highest</th><td>193 ms</td><td>193 ms</td>' in page


numbers = st.lists(st.floats(0, 1e9) | st.just(float("nan")), min_size=1, max_size=60)


@given(before=numbers, after=numbers)
def test_every_window_stays_on_its_side_of_the_picture(before: list[float], after: list[float]) -> None:
    chart = windows("Response time, p95", "ms", before, after)
    known = [[value for value in side if value == value] for side in (before, after)]  # noqa: PLR0124 - NaN
    if not all(known):
        assert chart is None
        return
    assert chart is not None
    places = ((34, chart.divide_x), (chart.divide_x, 640))
    for row, side, (low, high) in zip(chart.rows, known, places, strict=True):
        drawn = row.path.removeprefix("M").replace("h0", "").split("M")
        dots = [tuple(map(float, dot.split())) for dot in drawn]
        assert len(dots) == len(side) == row.windows
        assert all(low <= x <= high and 8 <= y <= 152 for x, y in dots)
        assert 8 <= row.median_y <= 152


@pytest.mark.parametrize(
    ("routes", "said"),
    [
        ([("GET /", "verified")], ""),
        (
            [("GET /a", "verified"), ("GET /b", "suspect"), ("GET /c", "verified")],
            "Of 3 routes 1 suspect and 2 verified; the worst speaks for the release: GET /b.",
        ),
        (
            [(f"GET /{number}", "inconclusive") for number in range(5)],
            (
                "Of 5 routes 5 inconclusive; the worst speaks for the release: "
                "GET /0, GET /1, GET /2 and 2 more."
            ),
        ),
    ],
)
def test_several_routes_are_said_to_make_one_verdict(routes: list[tuple[str, str]], said: str) -> None:
    assert routes_in_words(routes) == said


@pytest.mark.django_db
def test_two_routes_on_the_page_say_which_of_them_speaks(bob: User) -> None:
    release = make_release(make_service())
    for route, calls in (("GET /a", 10), ("GET /b", 19)):
        make_snapshot(release, "before", route=route, requests=requests_of(900))
        requests = requests_of(900, db_calls=calls)
        make_snapshot(release, "after", route=route, at=NOON + minutes(9), requests=requests)
    client = Client()
    client.force_login(bob)
    page = client.get("/services/checkout-api/releases/1.0/").content.decode()
    assert "Of 2 routes 1 suspect and 1 verified; the worst speaks for the release: GET /b." in page
