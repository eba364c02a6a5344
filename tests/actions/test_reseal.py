"""After a new SECRET_KEY everything that is sealed moves to it, and what cannot is named."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from django.apps import apps
from django.conf import settings as desk
from django.core.management import CommandError, call_command

from releasedesk.accounts.roles import DESK
from releasedesk.actions.configuration import config_key
from releasedesk.actions.reseal import SEALED, reseal_everything
from releasedesk.actions.sources import rotate_secret, secrets_of, set_up_source
from releasedesk.releases.models import ConfigKey
from tests.builders import NOON, make_service, make_target

if TYPE_CHECKING:
    from pytest_django import Settings

    from releasedesk.accounts.models import Team

NEW = "n" * 60


def test_every_model_that_seals_is_moved() -> None:
    sealing = {model for model in apps.get_models() if any(name.endswith("purpose") for name in vars(model))}
    assert sealing == set(SEALED)


def test_what_was_sealed_is_read_without_the_former_key(payments: Team, settings: Settings) -> None:
    service = make_service("checkout-api", payments)
    key, _ = config_key(DESK, service, now=NOON)
    source, first = set_up_source(DESK, payments, kind="github", name="GitHub", now=NOON)
    second = rotate_secret(DESK, source, now=NOON)
    target = make_target(payments)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [desk.SECRET_KEY], NEW
    said = io.StringIO()
    call_command("reseal", stdout=said)
    assert "config keys: 1 moved" in said.getvalue()
    assert "sources: 2 moved" in said.getvalue()
    settings.SECRET_KEY_FALLBACKS = []
    assert config_key(DESK, service, now=NOON)[0] == key
    source.refresh_from_db()
    assert secrets_of(source, now=NOON) == [second, first]
    target.refresh_from_db()
    assert (target.address, target.secret) == ("https://hooks.example.com/desk", b"s" * 32)


def test_what_no_key_opens_is_named_and_the_rest_is_moved(payments: Team, settings: Settings) -> None:
    lost, kept = (make_service(slug, payments) for slug in ("ledger", "checkout-api"))
    config_key(DESK, lost, now=NOON)
    ConfigKey.objects.update(sealed="broken")
    config_key(DESK, kept, now=NOON)
    with pytest.raises(CommandError, match=r"1 cannot be read: key of ledger"):
        call_command("reseal", stdout=io.StringIO())
    assert sum(kind.moved for kind in reseal_everything()) == 1
