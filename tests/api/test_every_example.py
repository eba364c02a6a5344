"""What the contract shows as a body is taken by the desk as it stands, whenever it is tried."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from releasedesk.accounts.models import User
from releasedesk.api.schema.document import document
from releasedesk.catalog.models import Scope
from tests.api.asking import CHECKOUT, post
from tests.api.conftest import signed_in
from tests.builders import NOON, make_deployment, make_release, make_token, minutes

if TYPE_CHECKING:
    from django.test import Client

    from releasedesk.accounts.models import Team
    from releasedesk.catalog.models import Service
    from tests.conftest import Clock

BY_AN_ADMINISTRATOR = "/api/v1/gate-levels"
BY_A_LEAD = ("/services/{slug}/gate-levels", "/gate/overrides")
WHERE = ("/gate-levels", "/gate/overrides")
# Its signature is no example: tests/api/test_hooks.py delivers.
ELSEWHERE = {"/api/v1/hooks/{source_id}"}
NOT_YET = {"rehearsals": 1, "ticks": 2, "end": 3}  # what only makes sense after others


def examples() -> list[tuple[str, str, str, Any]]:
    """Every example of a body: method, path, media type, body; in an order that makes sense."""
    found = [
        (method, path, media, example["value"])
        for path, methods in document()["paths"].items()
        for method, said in methods.items()
        for media, shown in said.get("requestBody", {}).get("content", {}).items()
        for example in shown["examples"].values()
        if path not in ELSEWHERE
    ]
    return sorted(found, key=lambda one: NOT_YET.get(one[1].rpartition("/")[2], 0))


def test_every_example_of_a_body_is_taken_as_it_stands_years_from_now(
    ci: Client, payments: Team, checkout: Service, alice: User, clock: Clock
) -> None:
    clock.tick(3000 * 24 * 60)
    ci.defaults["HTTP_AUTHORIZATION"] = f"Bearer {make_token(payments, scopes=list(Scope))}"
    lead, admin = signed_in(alice), signed_in(User.objects.create_superuser("ada"))
    for number, version in enumerate(("0.9", "1.0", "2026.11.23-2", "1.0")):
        make_release(checkout, version)
        make_deployment(checkout, version, at=NOON - minutes(9 - number))
    make_release(checkout, "2.0")
    run = post(ci, f"{CHECKOUT}/rollback", {"environment": "production"}).json()
    ids: dict[str, Any] = {"slug": "checkout-api", "version": "2.0", "key": "unit_tests", "name": "staging"}
    ids |= {"setting": "DB_HOST", "run_id": run["id"]}
    ids |= {"deployment_id": checkout.deployments.get(mode="rollback").pk}
    refused = {}
    for method, path, media, body in examples():
        client = admin if path == BY_AN_ADMINISTRATOR else lead if path.endswith(BY_A_LEAD) else ci
        query = "?environment=production" if path.endswith(WHERE) else ""
        address = path.format(**ids) + query
        answer = client.generic(method.upper(), address, json.dumps(body), content_type=media)
        if not 200 <= answer.status_code < 300:
            refused[method, path] = answer.json()["errors"] or answer.json()["detail"]
    assert refused == {}
