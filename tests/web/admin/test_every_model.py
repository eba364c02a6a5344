"""Every model has its pages; who may open them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.apps import apps
from django.db import transaction
from django.forms import ModelChoiceField
from django.urls import reverse

from releasedesk.web.admin import site
from tests.web.admin.conftest import fill

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import Model
    from django.test import Client
    from pytest_django.plugin import DjangoDbBlocker

    from releasedesk.accounts.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("full_desk")]
OURS = [model for model in apps.get_models() if model.__module__.startswith("releasedesk.")]
BY_LABEL = {model._meta.label: model for model in OURS}
FACTS = {
    "catalog.MetricPolicy",
    "catalog.ServiceEvent",
    "checklists.Decided",
    "deliveries.Alias",
    "deliveries.Answering",
    "deliveries.Delivery",
    "deliveries.Notice",
    "deliveries.Target",
    "measurements.Comparison",
    "measurements.MetricSource",
    "measurements.Window",
    "notes.NoteEvent",
    "releases.Change",
    "releases.ConfigKey",
    "releases.Commit",
    "releases.CommitCheck",
    "releases.Deployment",
    "releases.DeploymentFact",
    "releases.GateAnswer",
    "releases.GateLevel",
    "releases.GateRequest",
    "releases.Incident",
    "releases.Live",
    "releases.Override",
    "releases.Passage",
    "releases.ReleaseEvent",
    "releases.ReportedConfig",
    "releases.Standing",
    "rollbacks.Culprit",
    "rollbacks.Rehearsal",
    "rollbacks.Run",
    "rollbacks.Step",
    "rollbacks.Tick",
}
every_model = pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)


@pytest.fixture(scope="module")
def full_desk(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A row of every model, for all tests of this file: each of them is rolled back to it."""
    with django_db_blocker.unblock(), transaction.atomic():
        fill(2)
        with django_db_blocker.block():
            yield
        transaction.set_rollback(True)


def page(model: type[Model], kind: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{kind}", args=args)


def first(model: type[Model]) -> object:
    return model._default_manager.values_list("pk", flat=True).order_by("pk")[0]


def test_every_model_of_ours_is_registered_and_nothing_else() -> None:
    assert set(site._registry) == set(OURS)


@every_model
def test_every_list_can_be_searched_and_filtered(model: type[Model]) -> None:
    found = site._registry[model]
    assert found.search_fields
    assert found.list_filter
    assert len(found.list_display) > 1


@every_model
def test_whatever_names_another_row_is_completed_and_never_a_list_of_all(
    model: type[Model], admin: Client
) -> None:
    answer = admin.get(page(model, "change", first(model)))
    form = answer.context["adminform"].form
    asked = {name for name, field in form.fields.items() if isinstance(field, ModelChoiceField)}
    assert asked <= {*site._registry[model].autocomplete_fields}, asked


@every_model
def test_an_administrator_opens_every_page(model: type[Model], admin: Client) -> None:
    row = first(model)
    adding = 403 if model._meta.label in FACTS | {"checklists.Item", "deliveries.Source"} else 200
    assert admin.get(page(model, "changelist")).status_code == 200
    assert admin.get(page(model, "changelist"), {"q": "service-1"}).status_code == 200
    assert admin.get(page(model, "add")).status_code == adding
    assert admin.get(page(model, "change", row)).status_code == 200
    assert admin.get(page(model, "history", row)).status_code == 200
    assert admin.get(page(model, "delete", row)).status_code in {200, 403}


@every_model
def test_every_filter_of_a_list_answers(model: type[Model], admin: Client) -> None:
    found = admin.get(page(model, "changelist"))
    for spec in found.context["cl"].filter_specs:
        for choice in spec.choices(found.context["cl"]):
            answer = admin.get(page(model, "changelist") + choice["query_string"])
            assert answer.status_code == 200, (spec.title, choice)


def test_facts_can_neither_be_added_nor_changed_nor_deleted(admin: Client) -> None:
    for label in FACTS:
        model = BY_LABEL[label]
        row = first(model)
        assert admin.post(page(model, "add"), {}).status_code == 403, label
        assert admin.post(page(model, "change", row), {}).status_code == 403, label
        assert admin.post(page(model, "delete", row), {"post": "yes"}).status_code == 403, label


def test_no_list_offers_to_do_something_to_many_rows(admin: Client) -> None:
    for model in OURS:
        answer = admin.get(page(model, "changelist"))
        assert answer.context["cl"].model_admin.get_actions(answer.wsgi_request) == {}
        assert b"_selected_action" not in answer.content


@pytest.mark.parametrize("address", ["", "releases/release/", "releases/release/1/change/", "nowhere/at/all"])
def test_a_stranger_is_sent_to_the_login_and_learns_nothing(address: str, stranger: Client) -> None:
    answer = stranger.get(f"/admin/{address}")
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/accounts/login/?next=/admin/{address}"
    assert answer.content == b""


@every_model
def test_who_does_not_administer_is_refused(
    model: type[Model], client: Client, alice: User, stranger: Client
) -> None:
    row = first(model)
    client.force_login(alice)
    for address in (page(model, "changelist"), page(model, "add"), page(model, "change", row)):
        assert client.get(address).status_code == 403
        assert client.post(address, {}).status_code == 403
        assert stranger.post(address, {}).status_code == 302


def test_staff_alone_do_not_administer(client: Client, alice: User) -> None:
    alice.is_staff = True
    alice.save()
    client.force_login(alice)
    assert client.get("/admin/").status_code == 403


def test_somebody_whose_account_was_closed_is_a_stranger(admin: Client, ada: User) -> None:
    ada.is_active = False
    ada.save()
    assert admin.get("/admin/").status_code == 302
