"""Telling teams: what, whom, once, signed, tried again, and written down."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django.fixtures import Settings

from releasedesk.accounts.models import Team, User
from releasedesk.actions.go_back import end_run
from releasedesk.actions.notice_targets import add_target
from releasedesk.actions.notices import ATTEMPTS
from releasedesk.catalog.models import Service
from releasedesk.deliveries.notices import Event, Notice, Target
from releasedesk.jobs.notify import send_notice, send_overdue
from releasedesk.operations import outgoing_apprise
from releasedesk.operations.outgoing import OutgoingError
from releasedesk.operations.outgoing_rule import Allowed
from releasedesk.problems.problem import Problem
from releasedesk.rollbacks.run_bodies import EndBody
from tests.builders import (
    NOON,
    make_deployment,
    make_plan,
    make_release,
    make_run,
    make_service,
    make_snapshot,
    make_target,
    minutes,
    requests_of,
)
from tests.operations.talking import HELLO, talking

pytestmark = pytest.mark.django_db
REFUSAL = b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture(autouse=True)
def _loopback_is_listed(settings: Settings) -> None:
    settings.OUTGOING_ALLOWED = Allowed.read(["hooks.example.com", "127.0.0.0/8"])
    settings.DESK_URL = "https://desk.example.com"


@pytest.fixture
def service(payments: Team) -> Service:
    service = make_service(team=payments)
    make_plan(service)
    make_deployment(service, "1.0", at=NOON - minutes(60))
    make_deployment(service, "2.0", at=NOON - minutes(50))
    return service


def told() -> list[tuple[str, str]]:
    return list(Notice.objects.order_by("pk").values_list("event", "text"))


def suspect(service: Service) -> None:
    release = make_release(service, "2.0")
    make_snapshot(release, "before", at=NOON - minutes(55), requests=requests_of(2000))
    make_snapshot(release, "after", at=NOON - minutes(40), requests=requests_of(2000, ms=300))


def a_notice(payments: Team, url: str, kind: str = "webhook") -> Notice:
    target = make_target(payments)
    target.kind = kind
    target.keep(url, b"s" * 32 if kind == "webhook" else None)
    target.save()
    return Notice.objects.create(
        target=target,
        key="1",
        event=Event.ROLLED_BACK,
        title="checkout-api: rolled back in production",
        text="2.0 was rolled back to 1.0.",
        data={"from": "2.0", "path": "/services/checkout-api/rollback/production/"},
        created_at=NOON,
        due_at=NOON,
    )


# -- what is told, and to whom


def test_each_of_the_four_is_told_in_a_sentence(service: Service, payments: Team, bob: User) -> None:
    make_target(payments)
    suspect(service)
    stopped = make_run(service, actor=bob.as_actor(), reason="p95 doubled")
    end_run(bob.as_actor(), stopped, EndBody(outcome="stopped", reason="It was the proxy."), now=NOON)
    make_deployment(service, "1.0", at=NOON + minutes(2))
    met, *others = told()
    assert met[0] == "trigger.met"
    assert met[1].startswith("In production, on GET /basket/{id}: p95 is 32")
    assert met[1].endswith("the plan says to go back above 230 ms.")
    assert others == [
        ("rollback.started", "bob started to go back from 2.0 to 1.0: p95 doubled."),
        ("rollback.stopped", "bob stopped going back to 1.0: It was the proxy."),
        ("rollback.succeeded", "2.0 was rolled back to 1.0, as desk reports. Shipping is locked."),
    ]
    jobs = ProcrastinateJob.objects.filter(task_name="send_notice").order_by("id")
    assert [job.args["notice"] for job in jobs] == list(
        Notice.objects.order_by("pk").values_list("pk", flat=True)
    )


def test_the_same_is_told_once_however_often_it_is_folded_or_measured(
    service: Service, payments: Team
) -> None:
    make_target(payments)
    suspect(service)
    suspect(service)
    make_deployment(service, "1.0", at=NOON + minutes(2))
    make_deployment(service, "0.9", at=NOON - minutes(70))
    assert sorted(event for event, _ in told()) == ["rollback.succeeded", "trigger.met"]


def test_only_who_asked_for_it_and_only_the_services_team_is_told(
    service: Service, payments: Team, charlie: User
) -> None:
    make_target(payments, "mail", "trigger.met")
    make_target(Team.objects.get(slug="search"))
    ended = make_target(payments, "old")
    Target.objects.filter(pk=ended.pk).update(ended_at=NOON, ended_by="alice")
    make_run(service)
    assert told() == []


def test_a_trigger_of_what_is_not_live_tells_nobody(service: Service, payments: Team) -> None:
    make_target(payments)
    make_deployment(service, "3.0", at=NOON - minutes(45))
    suspect(service)
    assert told() == []


def test_a_queue_that_is_not_there_stops_nobody_who_goes_back(service: Service, payments: Team) -> None:
    make_target(payments)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE procrastinate_jobs RENAME TO gone")
    run = make_run(service)
    assert run.running
    (notice,) = Notice.objects.all()
    assert notice.state == "waiting"
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE gone RENAME TO procrastinate_jobs")
    send_overdue(0)
    assert ProcrastinateJob.objects.filter(task_name="send_notice").count() == 1


# -- how it is sent


def test_a_webhook_is_signed_as_standard_webhooks_says(payments: Team) -> None:
    with talking() as server:
        notice = a_notice(payments, f"http://127.0.0.1:{server.port}/hook")
        send_notice(notice.pk)
    head, _, body = server.heard[0].partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    signed = f"msg_{notice.pk}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(b"s" * 32, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert json.loads(body) == {
        "type": "rollback.succeeded",
        "timestamp": "2026-11-23T12:00:00Z",
        "data": {
            "from": "2.0",
            "team": "payments",
            "title": "checkout-api: rolled back in production",
            "text": "2.0 was rolled back to 1.0.",
            "url": "https://desk.example.com/services/checkout-api/rollback/production/",
        },
    }
    notice.refresh_from_db()
    assert (notice.state, notice.attempts, notice.error) == ("sent", 1, "")


def test_apprise_sends_it_with_its_link(payments: Team) -> None:
    with talking(HELLO) as server:
        notice = a_notice(payments, f"json://127.0.0.1:{server.port}/chat", "apprise")
        send_notice(notice.pk)
    sent = server.heard[0].decode()
    assert sent.startswith("POST /chat")
    notice.refresh_from_db()
    assert (notice.state, notice.error) == ("sent", "")


@pytest.mark.parametrize(
    ("answer", "state", "error", "jobs"),
    [
        (REFUSAL % 503, "waiting", "It answered 503.", 1),
        (REFUSAL % 410, "failed", "It answered 410.", 0),
        (b"", "waiting", "could not be reached", 1),
    ],
)
def test_what_may_pass_is_tried_again_later_and_what_will_not_is_given_up(
    payments: Team, answer: bytes, state: str, error: str, jobs: int
) -> None:
    with talking(answer) as server:
        notice = a_notice(payments, f"http://127.0.0.1:{server.port}/")
        send_notice(notice.pk)
    notice.refresh_from_db()
    assert (notice.state, notice.attempts) == (state, 1)
    assert error in notice.error
    later = ProcrastinateJob.objects.filter(task_name="send_notice")
    assert [job.scheduled_at is not None for job in later] == [True] * jobs


def test_after_the_last_attempt_it_is_said_to_have_failed(payments: Team) -> None:
    with talking(REFUSAL % 503) as server:
        notice = a_notice(payments, f"http://127.0.0.1:{server.port}/")
        for _ in range(ATTEMPTS + 2):
            send_notice(notice.pk)
    notice.refresh_from_db()
    assert (notice.state, notice.attempts, len(server.heard)) == ("failed", ATTEMPTS, ATTEMPTS)


def test_a_target_that_was_ended_is_told_nothing_more(payments: Team) -> None:
    with talking() as server:
        notice = a_notice(payments, f"http://127.0.0.1:{server.port}/")
        Target.objects.update(ended_at=NOON, ended_by="alice")
        send_notice(notice.pk)
    assert server.heard == []


# -- apprise opens its own connections: they are held to the same rule


@pytest.mark.parametrize("allowed", [["hooks.example.com"], ["*"]])
def test_apprise_may_not_call_the_machine_itself(settings: Settings, allowed: list[str]) -> None:
    settings.OUTGOING_ALLOWED = Allowed.read(allowed)
    with talking() as server, pytest.raises(OutgoingError, match="OUTGOING_ALLOWED does not list"):
        outgoing_apprise.send(f"json://127.0.0.1:{server.port}/", title="t", body="b")
    assert server.heard == []


def test_a_name_that_resolves_to_the_inside_leads_apprise_nowhere(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OUTGOING_ALLOWED = Allowed.read(["chat.example"])
    with talking() as server:
        rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: rows)
        with pytest.raises(OutgoingError, match=r"127\.0\.0\.1 is an address inside the network"):
            outgoing_apprise.send(f"json://chat.example:{server.port}/", title="t", body="b")
    assert server.heard == []


def test_a_target_that_never_comes_to_an_end_holds_nobody(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is fed byte by byte, so that no single read takes long; the address asks for patience as well."""
    monkeypatch.setattr(outgoing_apprise, "SECONDS", 0.5)
    over = threading.Event()

    def drip(caller: socket.socket) -> None:
        caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not over.wait(0.05):
            caller.sendall(b".")

    with talking(drip) as server, pytest.raises(OutgoingError, match=r"within 0\.5 seconds") as late:
        outgoing_apprise.send(f"json://127.0.0.1:{server.port}/?rto=600&cto=600", title="t", body="b")
    over.set()
    assert late.value.retryable


def test_a_redirect_leads_apprise_nowhere(settings: Settings) -> None:
    settings.OUTGOING_ALLOWED = Allowed.read(["127.0.0.1"])
    moved = b"HTTP/1.1 307 X\r\nLocation: http://127.0.0.2:9/\r\nContent-Length: 0\r\n\r\n"
    with talking(moved) as server, pytest.raises(OutgoingError):
        outgoing_apprise.send(f"json://127.0.0.1:{server.port}/", title="t", body="b")


def test_other_threads_work_is_not_looked_at(settings: Settings) -> None:
    with pytest.raises(OutgoingError):
        outgoing_apprise.send("json://127.0.0.9:9/", title="t", body="b")
    settings.OUTGOING_ALLOWED = Allowed()
    with talking() as server, socket.create_connection(("127.0.0.1", server.port)) as free:
        assert free.getpeername()[1] == server.port


@pytest.mark.parametrize(
    "url", ["syslog://", "dbus://", "exec://x", "file:///etc/passwd", "nonsense", "a://b"]
)
def test_nothing_local_and_nothing_unknown_is_a_target(url: str) -> None:
    with pytest.raises(OutgoingError):
        outgoing_apprise.check(url)


# -- the team's page


PAGE = "/teams/payments/notifications/"


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_lead_adds_a_webhook_and_is_shown_its_secret_once(alice: User) -> None:
    mine = browser(alice)
    sent = {"do": "add", "name": "pager", "kind": "webhook", "address": "https://hooks.example.com/T0/secret"}
    page = mine.post(PAGE, {**sent, "events": ["trigger.met"]}).content.decode()
    assert "whsec_" in page
    assert "secret</h2>" in page
    (target,) = Target.objects.all()
    assert (target.address, target.place) == (
        "https://hooks.example.com/T0/secret",
        "https://hooks.example.com",
    )
    assert "T0/secret" not in target.sealed_address
    again = mine.get(PAGE).content.decode()
    assert "whsec_" not in again
    assert "T0/secret" not in again


def test_it_is_tried_and_ended(alice: User, payments: Team) -> None:
    target = make_target(payments)
    mine = browser(alice)
    mine.post(PAGE, {"do": "try", "target": target.pk})
    assert "A try of chat" in mine.get(PAGE).content.decode()
    mine.post(PAGE, {"do": "end", "target": target.pk})
    target.refresh_from_db()
    assert target.ended_by == "alice"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"address": "https://evil.example/"}, "The desk may not call evil.example"),
        ({"address": "ftp://hooks.example.com/"}, "This is no http or https address."),
        ({"kind": "apprise", "address": "syslog://"}, "notify the desk&#x27;s own machine"),
        ({"name": ""}, "A target needs a name."),
        ({"events": []}, "Say what is to be told."),
    ],
)
def test_what_is_wrong_is_said_at_its_field(alice: User, fields: dict[str, Any], said: str) -> None:
    sent = {"do": "add", "name": "pager", "kind": "webhook", "address": "https://hooks.example.com/"}
    answer = browser(alice).post(PAGE, {**sent, "events": ["trigger.met"], **fields})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Target.objects.exists()


def test_only_a_lead_says_who_is_told(bob: User, charlie: User, payments: Team) -> None:
    target = make_target(payments)
    for user in (bob, charlie):
        for do in ("add", "try", "end"):
            assert browser(user).post(PAGE, {"do": do, "target": target.pk}).status_code in {403, 422}
    with pytest.raises(Problem, match=r"may not say where payments is told\. Ask a lead"):
        add_target(
            bob.as_actor(), payments, kind="webhook", name="x", address="https://x", events=["x"], now=NOON
        )
    assert Target.objects.filter(ended_at=None).count() == 1


def test_a_stranger_learns_nothing(payments: Team, client: Client) -> None:
    assert client.get(PAGE).status_code == 302
