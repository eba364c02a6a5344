"""More than one address, one pace and one cookie."""

import json
import ssl
import time
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from releasedesk.cli.targets import Mistyped, Target, by_weight, read_routes, side_by_side

from .servers import Asked, Desk, Reply, Server, options, run


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


# -- Several routes ----------------------------------------------------------------------------------------


def test_every_route_of_a_file_is_one_snapshot_by_its_weight(
    shop: Server, desk: Desk, tmp_path: Path
) -> None:
    lines = [
        "# weight method address",
        f"3 get {shop.url}/basket/[1-9]",
        f"GET {shop.url}/item/1 GET /item/{{id}}",
    ]
    (tmp_path / "routes").write_text("\n".join(lines))
    assert run("--routes=routes", *options(requests=40)) == 0
    assert {post.body["route"]: len(post.body["requests"]["status"]) for post in desk.posts} == {
        "GET /basket/{n}": 30,
        "GET /item/{id}": 10,
    }
    assert len({post.headers["idempotency-key"] for post in desk.posts}) == 2


def test_one_suspect_route_is_a_no(shop: Server, desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "routes").write_text(f"GET {shop.url}/basket/1\nGET {shop.url}/basket/2\n")
    desk.script = [Reply(201, {"id": 1}), Reply(200, {"verdict": "suspect", "sentence": "Slower."})]
    assert (
        run("--routes=routes", *options("after", requests=4), "--fail-on-suspect", "--output=kept.json") == 1
    )
    assert sorted(path.name for path in tmp_path.glob("kept*")) == ["kept-1.json", "kept-2.json"]


def test_a_route_that_no_request_would_reach_is_named(
    shop: Server, desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "routes").write_text(f"99 GET {shop.url}/basket/1\nGET {shop.url}/basket/2\n")
    assert run("--routes=routes", *options(requests=5)) == 2
    assert "none would go to GET /basket/2; send more" in capsys.readouterr().err
    assert shop.asked == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names no route"),
        ("GET", "line 1: Expected: [WEIGHT] METHOD URL [ROUTE]"),
        ("\n0 GET http://shop/", "line 2: A weight is at least 1."),
        ("GET ftp://shop/", "line 1: 'ftp://shop/' is not an http"),
        ("GET http://shop/?a=1\nGET http://shop/?a=2", "line 2: The route 'GET /' is there already"),
        ("GET http://ines:s3cr3t@[broken/", "cannot be asked for"),
    ],
)
def test_a_line_that_is_no_route_is_named(text: str, said: str) -> None:
    with pytest.raises(Mistyped) as refused:
        read_routes(text, "routes")
    assert said in str(refused.value)
    assert "s3cr3t" not in str(refused.value)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=6))
def test_turns_are_shared_exactly_by_weight_and_never_bunched(weights: list[int]) -> None:
    targets = [Target(str(number), "GET", ["u"], weight) for number, weight in enumerate(weights)]
    order = [turn.target for turn in islice(by_weight(targets), 2 * sum(weights))]
    assert Counter(order) == {number: 2 * weight for number, weight in enumerate(weights)}
    for sent in range(1, len(order)):
        for number, weight in enumerate(weights):
            assert abs(order[:sent].count(number) - sent * weight / sum(weights)) < len(weights)


# -- Two versions side by side -----------------------------------------------------------------------------


def test_two_versions_take_turns_so_that_drift_hits_both(desk: Desk) -> None:
    order: list[str] = []
    a, b = (Server(lambda asked, name=name: order.append(name) or Reply(200, {})) for name in "ab")  # type: ignore[misc, func-returns-value]
    assert run("--ab", f"{a.url}/x", f"{b.url}/x", *options(requests=8)[1:], "--concurrency=1") == 0
    assert "".join(order) == "abba" * 4
    before, after = desk.posts
    assert (before.body["phase"], after.body["phase"]) == ("before", "after")
    assert before.body["route"] == after.body["route"] == "GET /x"
    assert len(before.body["requests"]["status"]) == len(after.body["requests"]["status"]) == 8
    assert desk.asked[-1].path.endswith("comparison?environment=staging&route=GET+%2Fx")
    a.close()
    b.close()


def test_without_the_desk_two_versions_are_shown_side_by_side_and_nothing_is_judged(
    shop: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--ab", f"{shop.url}/basket/1", f"{shop.url}/basket/3", "--no-post", "--requests=5") == 2
    assert "different paths: name the route with --route" in capsys.readouterr().err
    named = ["--route=GET /basket/{id}", "--requests=5", "--no-post"]
    assert run("--ab", f"{shop.url}/basket/1", f"{shop.url}/basket/3", *named) == 0
    shown = capsys.readouterr()
    assert [word for word in shown.out.split() if word in {"0.0", "31.0"}] == ["0.0", "31.0"]
    assert "A, before" in shown.out
    assert "is for the desk to say" in shown.err
    assert not any(word in shown.out for word in ("verified", "improved", "regressed", "suspect"))


def test_turns_of_two_versions_are_balanced_at_every_fourth() -> None:
    one = Target("x", "GET", ["u"])
    order = [turn.target for turn in islice(side_by_side(one, one), 12)]
    assert order == [0, 1, 1, 0] * 3


# -- Pace --------------------------------------------------------------------------------------------------


def test_a_stall_counts_for_everybody_who_would_have_waited(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """One answer takes 400 ms. A closed loop sees one slow request, users would have seen many."""
    stalled: list[bool] = []

    def stall_once(_: Asked) -> Reply:
        if len(stalled) == 0:
            stalled.append(True)
            time.sleep(0.4)
        return Reply(200, {})

    slow = Server(stall_once)
    common = [f"{slow.url}/", *options(requests=40), "--concurrency=1"]
    assert run(*common) == 0
    stalled.clear()
    assert run(*common, "--rate=100") == 0
    slow.close()
    closed, opened = (post.body["requests"]["response_ms"] for post in desk.posts)
    assert sum(time > 100 for time in closed) == 1
    assert sum(time > 100 for time in opened) > 20, "100 a second for 0.4 s, of which 0.3 s are over 100 ms"
    assert "no coordinated omission" in capsys.readouterr().out
    said = desk.posts[1].body["assumptions"]
    assert "Open loop, 100 requests a second" in said
    assert "were sent over 10 ms after they were due" in said


def test_requests_are_due_at_a_constant_pace(silent_shop: Server, capsys: pytest.CaptureFixture[str]) -> None:
    started = time.monotonic()
    assert run(f"{silent_shop.url}/", "--no-post", "--rate=100", "--requests=50", "--json") == 0
    assert time.monotonic() - started >= 0.49
    assert told(capsys)["notes"][0].startswith("Open loop, 100 requests a second")


def test_warm_up_requests_do_not_count(shop: Server, desk: Desk) -> None:
    assert run(f"{shop.url}/basket/[1-50]", *options(requests=20), "--warm-up=30", "--concurrency=1") == 0
    assert len(shop.asked) == 50
    (post,) = desk.posts
    assert post.body["requests"]["cache"] == ["miss" if n % 3 == 0 else "hit" for n in range(31, 51)]
    assert "After 30 warm-up requests, which do not count." in post.body["assumptions"]


# -- What is sent ------------------------------------------------------------------------------------------


def test_cookies_and_a_body_are_sent_and_not_kept(silent_shop: Server, desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "order.json").write_text('{"article": 7}')
    sent = ["--cookie=session=s3cr3t", "--cookie=lang=de", "--json-body=@order.json"]
    assert run(f"{silent_shop.url}/orders", *options(requests=2), *sent) == 0
    asked = silent_shop.asked[0]
    assert (asked.method, asked.body, asked.headers["content-type"]) == (
        "POST",
        {"article": 7},
        "application/json",
    )
    assert asked.headers["cookie"] == "session=s3cr3t; lang=de"
    (post,) = desk.posts
    assert post.body["route"] == "POST /orders"
    assert "s3cr3t" not in json.dumps(post.body)


def test_a_body_goes_with_the_method_that_is_named(silent_shop: Server) -> None:
    data = ["--data=[1]", "--method=get", "--no-post", "--requests=1"]
    assert run(f"{silent_shop.url}/", *data) == 0
    assert (silent_shop.asked[0].method, silent_shop.asked[0].body) == ("GET", [1])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--json-body={s3cr3t"], "--json-body is not JSON"),
        (["--data=1", "--json-body=1"], "Give the body once"),
        (["--data=@missing"], "--data cannot read missing"),
        (["--cookie=s3cr3t"], "A --cookie is one line of plain text"),
        (["--key=k.pem"], "--key needs --cert"),
        (["--ca=missing.pem"], "missing.pem cannot be used for TLS"),
        (["--insecure", "--ca=a.pem"], "give one of them"),
        (["--clear-cache=echo s3cr3t >&2; exit 3", "--no-post"], "--clear-cache ended with 3"),
        (["--ab", "http://a/", "http://b/"], "Measure one thing at a time: URL or --ab"),
        (["--route=a", "--route=b"], "Name one --route"),
    ],
)
def test_a_mistake_is_named_before_anything_is_sent(
    silent_shop: Server, desk: Desk, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(f"{silent_shop.url}/", *options(), *arguments) == 2
    shown = capsys.readouterr()
    assert said in shown.err
    assert silent_shop.asked == desk.asked == []


# -- Caches ------------------------------------------------------------------------------------------------


def test_a_cache_is_cleared_first_and_the_snapshot_says_so(shop: Server, desk: Desk, tmp_path: Path) -> None:
    command = "echo cleared $RELEASEDESK_TOKEN > done; true -a s3cr3t"
    assert run(f"{shop.url}/basket/1", *options(requests=2), f"--clear-cache={command}") == 0
    assert (tmp_path / "done").read_text() == "cleared\n", "our token is no business of the command's"
    (post,) = desk.posts
    assert post.body["cache_state"] == "cold"
    assert post.body["cache_cleared"].startswith("echo cleared")
    assert "s3cr3t" not in json.dumps(post.body)


def test_a_cache_that_warm_up_requests_filled_again_is_not_called_cold(shop: Server, desk: Desk) -> None:
    more = ["--clear-cache=true", "--cache-cleared=basket:*", "--warm-up=1"]
    assert run(f"{shop.url}/basket/1", *options(requests=2), *more) == 0
    assert "cache_state" not in desk.posts[0].body
    assert desk.posts[0].body["cache_cleared"] == "basket:*"


# -- TLS ---------------------------------------------------------------------------------------------------


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    client = authority.issue_cert("client@shop.example")
    client.cert_chain_pems[0].write_to_path(tmp_path / "client.pem")
    client.private_key_pem.write_to_path(tmp_path / "client.key")
    return authority


@pytest.fixture
def tls_shop(silent_shop: Server, authority: trustme.CA) -> Server:
    """Asks who is there."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_OPTIONAL
    silent_shop.server.socket = context.wrap_socket(silent_shop.server.socket, server_side=True)
    silent_shop.url = silent_shop.url.replace("http://127.0.0.1", "https://localhost")
    return silent_shop


def test_an_unknown_authority_is_no_answer_and_the_reason_is_said(
    tls_shop: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(f"{tls_shop.url}/", "--no-post", "--requests=1") == 2
    assert "CERTIFICATE_VERIFY_FAILED" in capsys.readouterr().err


def test_an_authority_and_a_certificate_of_ours_are_used(
    tls_shop: Server, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    certificate = ["--ca=ca.pem", "--cert=client.pem", "--key=client.key"]
    assert run(f"{tls_shop.url}/", *options(requests=2), *certificate) == 0
    assert "TLS" not in desk.posts[0].body["assumptions"]


def test_trusting_everybody_is_said_in_the_snapshot(tls_shop: Server, desk: Desk) -> None:
    assert run(f"{tls_shop.url}/", *options(requests=2), "--insecure") == 0
    assert "TLS certificates were not checked (--insecure)." in desk.posts[0].body["assumptions"]
