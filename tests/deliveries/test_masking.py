"""What is done to a message before it is stored."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releasedesk.deliveries.masking import (
    HINT,
    MASK,
    SECRET_VALUE,
    canonical,
    digest,
    is_storable,
    storable,
)
from tests.builders import event

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("rdk_0123abcd_9-_xyz", MASK),
        ("ghp_" + "a" * 36, MASK),
        ("github_pat_" + "a" * 22, MASK),
        ("glpat-" + "a" * 20, MASK),
        ("gldt-" + "a" * 20, MASK),
        ("whsec_" + "a" * 43 + "=", MASK),
        ("xoxb-1234567890-abc", MASK),
        ("AKIAIOSFODNN7EXAMPLE", MASK),
        ("Authorization: Bearer abc.def-123", f"Authorization: {MASK}"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc-def", MASK),
        ("https://ci:hunter2@git.example/a", f"https://{MASK}@git.example/a"),
        (
            "https://git.example/?a=1&access_token=abc&b=2",
            f"https://git.example/?a=1&access_token={MASK}&b=2",
        ),
        ("DB_PASSWORD='two words' make deploy", f"DB_PASSWORD={MASK} make deploy"),
        ("deploy --token hunter2 --dry-run", f"deploy --token {MASK} --dry-run"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIC\n-----END", f"{MASK}-----END"),
        ("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIC\n-----END", f"{MASK}-----END"),
        *(
            (prefix + "a1" * 12, MASK)
            for prefix in (
                *("npm_", "dckr_pat_", "sk_live_", "rk_live_", "dop_v1_", "hvs.", "pypi-AgEI", "AIza"),
                *("sk-ant-api03-", "sk-proj-", "ATATT3x", "SG." + "b" * 22 + "."),
            )
        ),
        ("https://hooks.slack.com/services/T0/B0/abc", f"https://hooks.slack.com/{MASK}"),
        ("https://discord.com/api/webhooks/1/a-b", f"https://discord.com/api/webhooks/{MASK}"),
        ("https://x.webhook.office.com/webhookb2/1@2/Inc", f"https://x.webhook.office.com/webhookb2/{MASK}"),
        ("curl -H 'Authorization: Basic dXNlcjp4'", f"curl -H 'Authorization: {MASK}'"),
        ("https://s3/a?X-Amz-Signature=ab12&b=2", f"https://s3/a?X-Amz-Signature={MASK}&b=2"),
        ("https://blob/a?sv=1&sig=ab%3D", f"https://blob/a?sv=1&sig={MASK}"),
        (
            "basic authentication, task-ant-hills and a design=good",
            "basic authentication, task-ant-hills and a design=good",
        ),
        ("make deploy VERSION=1.0 --tokenize", "make deploy VERSION=1.0 --tokenize"),
        ("the token of appreciation", "the token of appreciation"),
        ("https://git.example:8080/a@b", "https://git.example:8080/a@b"),
    ],
)
def test_secrets_are_masked_where_they_stand(text: str, kept: str) -> None:
    assert storable(text) == kept
    assert storable({"command": [text]}) == {"command": [kept]}


PIECES = [
    *(
        "rdk_",
        "ghp_",
        "github_pat_",
        "glpat-",
        "gldt-",
        "xoxb-",
        "AKIA",
        "whsec_",
        "eyJ",
        *("npm_", "dckr_pat_", "sk_live_", "dop_v1_", "hvs.", "pypi-", "AIza", "sk-ant-", "ATATT", "SG."),
        *(
            "hooks.slack.com/",
            "/api/webhooks/",
            "/webhookb2/",
            "Authorization: basic ",
            "?sig=",
            "&Signature=",
        ),
        "Bearer ",
        "bearer\t",
    ),
    *(
        "://u:p@h",
        "-----BEGIN PRIVATE KEY-----",
        "PASSWD=",
        "passWord: ",
        "--pa\u017fsphrase ",
        "\u017fECRET=x",
    ),
    *("API_KEY=", "to\u212aen=y", "--credential x", ".", "-", " ", "a" * 20, "A0" * 10, "'", "é", "ß"),
]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=6).map("".join))
def test_every_secret_holds_a_hint(text: str) -> None:
    assert HINT.search(text.casefold()) or not SECRET_VALUE.search(text)


@pytest.mark.parametrize(
    "name", ["password", "DB_PASSWORD", "client-secret", "api_key", "apiKey", "Cookie", "pass"]
)
def test_everything_below_a_secret_name_is_masked_however_deep(name: str) -> None:
    value = {"a": "x", "b": [1, 2.5, {"c": "y"}], "there": True, "not": None}
    assert storable({name: value}) == {
        name: {"a": MASK, "b": [MASK, MASK, {"c": MASK}], "there": True, "not": None}
    }


def test_a_name_beside_its_value_tells_as_well_as_a_name_before_it() -> None:
    """As GitLab writes a pipeline's variables, and many others a service's environment."""
    variables = [
        {"key": "DEPLOY_TOKEN", "value": "hunter2", "masked": True},
        {"name": "DB_PASSWORD", "value": {"of": "hunter2"}},
        {"key": "REGION", "value": "eu"},
    ]
    assert storable({"variables": variables}) == {
        "variables": [
            {"key": "DEPLOY_TOKEN", "value": MASK, "masked": True},
            {"name": "DB_PASSWORD", "value": {"of": MASK}},
            {"key": "REGION", "value": "eu"},
        ]
    }


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Basic aHVudGVyMg=="},
        {"Cookie": "session=hunter2"},
        {"X-Gitlab-Token": "hunter2"},
        {"X-Forwarded-Uri": "/hooks?private_token=hunter2"},
    ],
)
def test_secrets_in_headers_are_masked(headers: dict[str, str]) -> None:
    kept = storable(headers)
    assert "hunter2" not in str(kept)
    assert "aHVudGVyMg" not in str(kept)


def test_secrets_in_what_github_sends_are_masked() -> None:
    ping = {
        "hook": {"config": {"url": "https://desk.example/hooks/1?token=hunter2", "secret": "hunter2"}},
        "repository": {"clone_url": "https://x-access-token:ghs_hunter2@github.com/acme/shop.git"},
        "deployment": {"payload": {"web_hook": "https://u:hunter2@x.example", "api_key": "hunter2"}},
    }
    assert "hunter2" not in str(storable(ping))


def test_innocent_names_keep_their_values() -> None:
    body = {"passed": "yes", "key": "lint", "outcome": "passed", "author": "ines", "seconds": 3}
    assert storable(body) == body


def test_what_postgresql_cannot_hold_is_replaced() -> None:
    assert storable(["a\0b", "\ud800", float("nan"), float("-inf")]) == ["a␀b", "?", "nan", "-inf"]
    assert storable({"a\0": 1}) == {"a␀": 1}


@given(JSON_VALUES)
def test_whatever_came_can_be_stored(value: Any) -> None:
    kept = json.dumps(storable(value), allow_nan=False, ensure_ascii=False)
    assert "\\u0000" not in kept
    assert kept.encode()
    assert storable(storable(value)) == storable(value), "masking what is masked changes nothing"


# Halves of what tells of a secret, so that whole ones come about; and letters that only look like one's.
_HALVES = """
pass word wd phrase se cret tok en api _ - key = : private cook ie author ization credent ial
rdk_ 1a gh p_ gl pat- xox b- AKIA eyJ abcdefghij ABCDEFGHIJKLMNOP :// a:b @ whsec_ Bearer { \" \\
"""
HALVES = [*_HALVES.split(), "-----BEGIN ", "PRIVATE KEY-----", " ", "\0", "ß", "\u212a", "\u017f"]
TEXTS = st.lists(st.sampled_from(HALVES), max_size=6).map("".join)
TELLING = st.recursive(
    TEXTS | st.none() | st.booleans() | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@given(TELLING)
@settings(max_examples=1000)
def test_what_is_surely_stored_as_it_is_is_stored_as_it_is(value: Any) -> None:
    if is_storable(canonical(value)):
        assert storable(value) == value


def test_what_arrives_all_day_long_is_surely_stored_as_it_is() -> None:
    assert is_storable(canonical(event(command="make deploy VERSION=1.0", files_touched=["basket/views.py"])))


@given(JSON_VALUES)
def test_the_same_json_in_another_spelling_has_the_same_digest(value: Any) -> None:
    spelled = json.dumps(value, indent=3, ensure_ascii=False)
    assert digest(json.loads(spelled)) == digest(json.loads(json.dumps(value)))


def test_another_body_has_another_digest() -> None:
    bodies: list[Any] = [
        {},
        [],
        None,
        0,
        "",
        {"a": 1},
        {"a": "1"},
        {"a": 1.0},
        {"a": True},
        {"b": 1},
        [1, 2],
        [2, 1],
    ]
    assert len({digest(body) for body in bodies}) == len(bodies)


@pytest.mark.parametrize(
    "near_miss", ["eyJ", "rdk_", "bearer ", "://a:", "token", "--token ", "-----BEGIN ", "a-"]
)
def test_a_megabyte_of_near_misses_is_read_once(near_miss: str) -> None:
    """It would take hours if any of the patterns looked at the same text again and again."""
    text = near_miss * (1_000_000 // len(near_miss))
    assert storable(text)
