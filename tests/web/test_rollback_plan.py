"""Writing a rollback plan on its page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client

from releasedesk.rollbacks.models import Plan
from tests.builders import NOON, make_deployment, make_plan, make_release, make_service, minutes
from tests.web.forms import controls

if TYPE_CHECKING:
    from releasedesk.accounts.models import User
    from releasedesk.catalog.models import Service
    from tests.conftest import Clock

pytestmark = pytest.mark.django_db
OF_RELEASE = "/services/checkout-api/releases/1.0/rollback-plan/"
STANDING = "/services/checkout-api/rollback-plan/"
BOTH = pytest.mark.parametrize("path", [OF_RELEASE, STANDING])
SCRIPT = "<script>alert('x')</script>"


@pytest.fixture(autouse=True)
def service(bob: User, clock: Clock) -> Service:
    service = make_service()
    make_release(service)
    return service


@pytest.fixture
def bobs(bob: User) -> Client:
    client = Client()
    client.force_login(bob)
    return client


@pytest.fixture
def alices(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client


def instructions(plan: Plan) -> list[str]:
    return [step.instruction for step in plan.steps.all()]


@BOTH
def test_a_plan_is_written(bobs: Client, path: str) -> None:
    form = controls(bobs.get(path).content)
    form |= {"steps/0/instruction": "Deploy the old one", "steps/0/command": "make deploy V={target_version}"}
    form |= {"steps/0/seconds": "70", "steps/0/irreversible": "true", "data": "stays", "owner": "bob"}
    form |= {"triggers/0/metric": "error_rate", "triggers/0/above": "0.02", "triggers/0/for_minutes": "5"}

    response = bobs.post(path, form)

    assert response.status_code == 302
    plan = Plan.objects.get()
    assert (plan.version, plan.data, plan.created_by) == (1, "stays", "bob")
    assert plan.triggers == [{"metric": "error_rate", "above": 0.02, "for_minutes": 5.0}]
    step = plan.steps.get()
    assert (step.command, step.seconds, step.irreversible) == ("make deploy V={target_version}", 70, True)
    assert (plan.release is None) == (path == STANDING)


@BOTH
def test_saving_it_unchanged_or_twice_makes_no_new_version(bobs: Client, path: str) -> None:
    bobs.post(path, {**controls(bobs.get(path).content), "steps/0/instruction": "One"})
    form = {**controls(bobs.get(path).content), "steps/0/check": "It answers"}

    assert [bobs.post(path, form).status_code for _ in range(2)] == [302, 302]
    assert bobs.post(path, controls(bobs.get(path).content)).status_code == 302
    assert list(Plan.objects.values_list("version", flat=True)) == [2, 1]


def test_rows_are_added_moved_and_removed_without_saving(bobs: Client, service: Service) -> None:
    make_plan(service, service.releases.get())
    form = controls(bobs.get(OF_RELEASE).content)
    first, second = form["steps/0/instruction"], form["steps/1/instruction"]

    form = controls(bobs.post(OF_RELEASE, {**form, "rows": "add steps"}).content)
    assert form["steps/2/instruction"] == ""
    form["steps/2/instruction"] = "Third"
    form = controls(bobs.post(OF_RELEASE, {**form, "rows": "up steps 2"}).content)
    form = controls(bobs.post(OF_RELEASE, {**form, "rows": "down steps 0"}).content)
    form = controls(bobs.post(OF_RELEASE, {**form, "rows": "remove triggers 0"}).content)

    assert [form[f"steps/{at}/instruction"] for at in range(3)] == ["Third", first, second]
    assert Plan.objects.count() == 1
    assert bobs.post(OF_RELEASE, form).status_code == 302
    newest = Plan.objects.order_by("-version")[0]
    assert (instructions(newest), newest.triggers) == (["Third", first, second], [])


@pytest.mark.parametrize(
    "asked", ["remove steps 99", "up", "remove data 0", "burn steps 0", "up steps x", "add x"]
)
def test_a_row_that_is_not_there_is_left_alone(bobs: Client, asked: str) -> None:
    response = bobs.post(OF_RELEASE, {"steps/0/instruction": "One", "data": "stays", "rows": asked})

    assert response.status_code == 200
    assert controls(response.content)["data"] == "stays"


def test_rows_left_empty_are_none(bobs: Client) -> None:
    bobs.post(OF_RELEASE, {"steps/0/instruction": "", "steps/3/instruction": "Last", "steps/1/seconds": " "})

    assert instructions(Plan.objects.get()) == ["Last"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"steps/1/command": "go {versoin}"}, "Not defined: {versoin} (did you mean {version}?)."),
        ({"steps/1/instruction": "", "steps/1/command": "ls"}, "This field is required."),
        ({"steps/1/seconds": "soon"}, "This is not a whole number."),
        ({"triggers/0/metric": "db_calls"}, "A trigger needs exactly one bound."),
        ({"triggers/0/above": "5"}, "This field is required."),
    ],
)
def test_what_is_wrong_stands_at_its_row(bobs: Client, wrong: dict[str, str], words: str) -> None:
    response = bobs.post(OF_RELEASE, {"steps/0/instruction": "A", "steps/1/instruction": "B", **wrong})

    assert response.status_code == 422
    page = response.content.decode()
    assert words in page
    assert {name: controls(response.content)[name] for name in wrong} == wrong
    assert not Plan.objects.exists()


def test_the_preview_fills_the_commands_in(bobs: Client, service: Service) -> None:
    for version, ago in (("0.9", 60), ("1.0", 30)):
        make_deployment(service, version, at=NOON - minutes(ago))
    form = {
        "steps/0/instruction": "A",
        "steps/0/command": "go {environment} {version} {target_version} {commit}",
    }

    page = bobs.post(OF_RELEASE, {**form, "preview": "1"}).content.decode()

    assert "go production 1.0 0.9 {commit}</pre>" in page
    assert "Not known yet: commit." in page
    assert not Plan.objects.exists()


def test_the_second_of_two_writers_is_told_and_loses_nothing(bobs: Client, alices: Client) -> None:
    his, hers = controls(bobs.get(OF_RELEASE).content), controls(alices.get(OF_RELEASE).content)
    alices.post(OF_RELEASE, {**hers, "steps/0/instruction": "Hers", "data_note": "her note"})

    told = bobs.post(OF_RELEASE, {**his, "steps/0/instruction": "His", "data_note": "his note"})

    assert told.status_code == 412
    page, form = told.content.decode(), controls(told.content)
    assert "<li>Hers</li>" in page
    assert "her note" in page
    assert (form["steps/0/instruction"], form["data_note"]) == ("His", "his note")
    assert instructions(Plan.objects.get()) == ["Hers"]
    assert bobs.post(OF_RELEASE, form).status_code == 302
    assert instructions(Plan.objects.order_by("-version")[0]) == ["His"]


@BOTH
@pytest.mark.parametrize("who", ["charlie", "vera"])
def test_who_may_not_write_plans_is_told_so(path: str, who: str, request: pytest.FixtureRequest) -> None:
    client = Client()
    client.force_login(request.getfixturevalue(who))

    for response in (client.get(path), client.post(path, {"steps/0/instruction": "Mine"})):
        assert response.status_code == 403
        assert f"{who} may not write plans of checkout-api." in response.content.decode()
    assert not Plan.objects.exists()


@BOTH
def test_a_stranger_gets_the_login_and_what_was_typed_is_kept(path: str, service: Service) -> None:
    make_plan(service, data_note="secret note")
    assert Client().get(path)["Location"] == f"/accounts/login/?next={path}"

    kept = Client().post(path, {"steps/0/instruction": "Typed", "revision": "0"})
    assert "secret note" not in kept.content.decode()
    form = {**controls(kept.content), "sign_in/name": "bob", "sign_in/password": "correct horse"}
    answer = Client().post(path, form)

    assert answer.status_code in {302, 412}
    assert answer.status_code == 302 or controls(answer.content)["steps/0/instruction"] == "Typed"


def test_a_script_in_every_text_is_shown_as_text(bobs: Client) -> None:
    texts = {f"steps/0/{name}": SCRIPT for name in ("instruction", "command", "check")} | {
        "data_note": SCRIPT
    }

    assert bobs.post(OF_RELEASE, texts).status_code == 302
    page = bobs.get(OF_RELEASE)

    assert SCRIPT not in page.content.decode()
    assert {name: controls(page.content)[name] for name in texts} == texts


def test_a_megabyte_is_refused_and_kept(bobs: Client) -> None:
    text = "x" * 1_000_000

    response = bobs.post(OF_RELEASE, {"steps/0/instruction": "A", "steps/0/command": text, "data_note": text})

    assert response.status_code == 422
    assert controls(response.content)["steps/0/command"] == text


def test_a_starter_fills_the_form_and_saves_nothing(bobs: Client) -> None:
    page = bobs.get(STANDING)
    assert 'href="?starter=kubernetes"' in page.content.decode()

    begun = bobs.get(STANDING, {"starter": "kubernetes"})

    form = controls(begun.content)
    assert form["steps/1/command"] == "kubectl --context {environment} rollout undo deployment/{service}"
    assert "Nothing is saved yet" in begun.content.decode()
    assert not Plan.objects.exists()
    assert bobs.post(STANDING, form).status_code == 302
    assert Plan.objects.get().steps.count() == 5
    assert bobs.get(STANDING, {"starter": "nonsense"}).status_code == 200


def test_what_is_unsafe_is_said_while_it_is_typed_and_may_be_saved(bobs: Client, service: Service) -> None:
    make_deployment(service, "0.9.1")
    form = controls(bobs.get(OF_RELEASE).content)
    form |= {"steps/0/instruction": "Deploy", "steps/0/command": "deploy 0.9.1"}

    page = bobs.post(OF_RELEASE, {**form, "preview": "1"}).content.decode()

    assert "Step 1 has 0.9.1 written out." in page
    assert "Step 1 does not say how to see that it worked." in page
    assert "No trigger says when to go back." in page
    assert not Plan.objects.exists()
    assert bobs.post(OF_RELEASE, form).status_code == 302


def test_a_stand_in_is_kept(bobs: Client) -> None:
    form = controls(bobs.get(STANDING).content) | {"steps/0/instruction": "Deploy", "stand_in": "bob"}
    form |= {"steps/0/expected": "done"}
    bobs.post(STANDING, form)
    plan = Plan.objects.get()
    assert plan.stand_in is not None
    assert (plan.stand_in.username, plan.steps.get().expected) == ("bob", "done")
    assert controls(bobs.get(STANDING).content)["stand_in"] == "bob"
