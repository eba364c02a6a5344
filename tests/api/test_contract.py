"""The document says everything that is served, says it right, and shows examples that hold."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import yaml
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from jsonschema import Draft202012Validator
from pydantic import BaseModel
from rest_framework.views import APIView

from releasedesk.api.schema.answer import Answer
from releasedesk.api.schema.document import document
from releasedesk.problems.body import Body
from releasedesk.problems.problem import KINDS
from tests.api.asking import CHECKOUT, sole_error
from tests.api.contract import template

METHODS = ("get", "post", "put", "patch", "delete")
OPERATIONS = [
    (path, method, said) for path, methods in document()["paths"].items() for method, said in methods.items()
]


def views() -> list[tuple[str, type[APIView]]]:
    """Every view of the API with its path in the document."""
    found: list[tuple[str, type[APIView]]] = []

    def walk(patterns: list[Any], prefix: str) -> None:
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns, route)
            elif isinstance(pattern, URLPattern) and hasattr(pattern.callback, "cls"):
                found.append((template(route), pattern.callback.cls))

    walk(get_resolver().url_patterns, "")
    return found


def subclasses(model: type[BaseModel]) -> list[type[BaseModel]]:
    return [model, *(deeper for child in model.__subclasses__() for deeper in subclasses(child))]


def test_every_method_that_is_served_is_in_the_document() -> None:
    served = {(path, method) for path, view in views() for method in METHODS if hasattr(view, method)}
    assert served, "the walk has found nothing"
    assert served == {(path, method) for path, method, _ in OPERATIONS}


def test_every_operation_has_a_name_of_its_own_a_summary_a_tag_and_says_who_may_come() -> None:
    names = Counter(said["operationId"] for _, _, said in OPERATIONS)
    assert [name for name, count in names.items() if count > 1] == []
    for path, method, said in OPERATIONS:
        assert said["summary"], (path, method)
        assert said["tags"], (path, method)
        assert "security" in said, (path, method)


def test_no_two_models_share_a_name() -> None:
    """They would be one component, and one of them would be wrong."""
    known = document()["components"]["schemas"]
    models = {model for base in (Answer, Body) for model in subclasses(base)}
    names = Counter(model.__name__ for model in models if not model.__module__.startswith("releasedesk.web."))
    assert [name for name, count in names.items() if count > 1 and name in known] == []


def test_every_body_and_every_answer_shows_an_example() -> None:
    for path, method, said in OPERATIONS:
        named = [media for media in medias(said) if "$ref" in media["schema"]]
        assert named or said["operationId"] == "getSchema", (path, method)
        assert all("examples" in media for media in named), (path, method)


def test_every_example_is_what_its_schema_says() -> None:
    checked = 0
    components = document()["components"]
    for holder in (*(said for _, _, said in OPERATIONS), *components["responses"].values()):
        for media in medias(holder):
            validator = Draft202012Validator({**media["schema"], "components": components})
            for example in media.get("examples", {}).values():
                validator.validate(example["value"])
                checked += 1
    assert checked > 30


@pytest.mark.usefixtures("checkout")
def test_every_example_of_an_event_is_taken(ci: Client) -> None:
    shown = document()["paths"]["/api/v1/events"]["post"]["requestBody"]["content"]
    taken = []
    for media, said in shown.items():
        for name, example in said["examples"].items():
            answer = ci.post("/api/v1/events", example["value"], content_type=media)
            results = answer.json().get("results", [{"status": answer.status_code}])
            assert {result["status"] for result in results} <= {200, 201}, (media, name, answer.content)
            taken.append(name)
    assert {"usual", "cdevent", "cloudevent", "several"} == set(taken)


def medias(part: Any) -> list[dict[str, Any]]:
    """Every media type object within a part of the document."""
    if not isinstance(part, dict):
        return []
    own = list(part["content"].values()) if isinstance(part.get("content"), dict) else []
    inner = [
        value for name, value in part.items() if name != "examples"
    ]  # which may hold a `content` of theirs
    return own + [media for value in inner for media in medias(value)]


@pytest.mark.parametrize("model", [m for m in subclasses(Body) if m.__dict__.get("EXAMPLE")])
def test_an_example_of_a_body_is_read_as_one(model: type[Body]) -> None:
    assert model.EXAMPLE
    model.read(model.EXAMPLE)


def test_every_status_of_a_problem_is_described() -> None:
    described = {int(name.removeprefix("Problem")) for name in document()["components"]["responses"]}
    assert described == {status for status, _ in KINDS.values()}


@pytest.mark.parametrize("accept", ["application/yaml", "application/vnd.oai.openapi"])
def test_the_document_comes_as_json_and_as_yaml_to_anybody(stranger: Client, accept: str) -> None:
    as_json = stranger.get("/api/v1/schema")
    assert as_json["Content-Type"] == "application/json"
    assert as_json.json()["openapi"].startswith("3.1")
    as_yaml = stranger.get("/api/v1/schema", headers={"Accept": accept})
    assert as_yaml["Content-Type"].startswith(accept)
    assert yaml.safe_load(as_yaml.content) == as_json.json()


def test_the_page_is_open_to_all_and_its_policy_is_its_own(stranger: Client) -> None:
    response = stranger.get("/api/v1/docs")
    assert response.status_code == 200
    assert "'unsafe-inline'" in response["Content-Security-Policy"]
    assert "script-src 'self';" in response["Content-Security-Policy"], "only styles may be inline"
    assert "'unsafe-inline'" not in stranger.get("/accounts/login/")["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("?enviroment=staging", "There is no parameter 'enviroment'. Did you mean 'environment'?"),
        ("?environment=staging&environment=production", "'environment' came more than once."),
        ("?environment=staging&%00=1", "There is no parameter '\0'."),
    ],
)
def test_a_parameter_that_is_not_known_or_came_twice_is_refused(
    ci: Client, query: str, detail: str, checkout: object
) -> None:
    error = sole_error(ci.get(f"{CHECKOUT}/rollback{query}"))
    assert error["detail"] == detail
