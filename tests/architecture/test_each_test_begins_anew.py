"""What a test commits is gone before the next one, so that they pass in any order."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from procrastinate.contrib.django.models import ProcrastinateEvent, ProcrastinateJob, ProcrastinateWorker

from releasedesk.catalog.models import Environment, Service
from releasedesk.checklists.models import Template
from tests.builders import make_deployment, make_service

KEPT = {Environment, Template, ContentType, Permission}
GONE = {Service, ProcrastinateJob, ProcrastinateEvent, ProcrastinateWorker}


@pytest.mark.xdist_group("two turns")
@pytest.mark.parametrize("turn", [1, 2])
def test_the_second_turn_finds_nothing_of_the_first(committed: None, turn: int) -> None:
    assert {model for model in KEPT | GONE if model._default_manager.exists()} == KEPT
    make_deployment(make_service())
    assert ProcrastinateJob.objects.exists(), "there is something to forget"
