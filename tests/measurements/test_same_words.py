"""For the same numbers the terminal, the page and the API say the same verdict in the same words."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client

from releasedesk.accounts.models import User
from releasedesk.cli import show
from tests.builders import (
    NOON,
    make_deployment,
    make_release,
    make_service,
    make_snapshot,
    minutes,
    requests_of,
)

PLACE = "/services/checkout-api/releases/1.0"
CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "suspect": (requests_of(900), requests_of(900, ms=140, db_calls=3)),
    "verified": (requests_of(900), requests_of(900, ms=60, db_calls=2)),
    "inconclusive": (requests_of(60), requests_of(60)),
    "not_comparable": (requests_of(900), requests_of(900)),
}


def on_page(text: str) -> str:
    """What is read of a page: no markup, single spaces."""
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", text).split()))


@pytest.mark.parametrize("verdict", CASES)
def test_the_terminal_the_page_and_the_api_say_the_same(
    verdict: str, ci: Client, bob: User, capsys: pytest.CaptureFixture[str]
) -> None:
    before, after = CASES[verdict]
    service = make_service()
    release = make_release(service, expected_result="DB calls at most 2, p95 falls by 20 %")
    make_snapshot(release, "before", requests=before)
    make_deployment(service, at=NOON + minutes(3))
    state = "warm" if verdict == "not_comparable" else "cold"
    make_snapshot(release, "after", at=NOON + minutes(9), requests=after, cache_state=state)

    answer = ci.get(f"/api/v1{PLACE}/comparison?environment=production").json()
    show.comparison(answer)
    terminal = " ".join(capsys.readouterr().out.split())
    client = Client()
    client.force_login(bob)
    page = on_page(client.get(f"{PLACE}/").content.decode())

    words = verdict.replace("_", " ")
    assert answer["verdict"] == verdict
    assert f"{words}: {answer['sentence']}" in terminal
    assert f"{words.capitalize()}: {answer['sentence']}" in page
    assert answer["routes"] is None
    known = [metric for metric in answer["metrics"] if metric["before"] is not None]
    assert len(known) == 6
    for metric in known:
        assert metric["sentence"] in terminal
        assert metric["sentence"] in page
    assert len(answer["expected"]) == 2
    for promise in answer["expected"]:
        assert promise["sentence"] in terminal
        outcome, _, rest = promise["sentence"].removeprefix("Expected ").partition(": ")
        assert outcome in page
        assert rest.partition(",")[0].removesuffix(".") in page


def test_how_several_routes_make_one_verdict_is_said_in_the_same_words_everywhere(
    ci: Client, bob: User, capsys: pytest.CaptureFixture[str]
) -> None:
    service = make_service()
    release = make_release(service)
    make_deployment(service, at=NOON + minutes(3))
    for route, ms in (("GET /basket/{id}", 60), ("POST /pay", 140)):
        make_snapshot(release, "before", route=route, requests=requests_of(900))
        make_snapshot(release, "after", route=route, at=NOON + minutes(9), requests=requests_of(900, ms=ms))

    answer = ci.get(f"/api/v1{PLACE}/comparison", {"environment": "production", "route": "POST /pay"}).json()
    show.comparison(answer)
    client = Client()
    client.force_login(bob)
    said = "Of 2 routes 1 suspect and 1 verified; the worst speaks for the release: POST /pay."
    assert answer["routes"] == said
    assert said in " ".join(capsys.readouterr().out.split())
    assert said in on_page(client.get(f"{PLACE}/").content.decode())
