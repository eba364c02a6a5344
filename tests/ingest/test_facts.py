"""What a sender can tell: nothing that lets somebody in is kept of its addresses."""

from __future__ import annotations

import pytest

from releasedesk.ingest.facts import without_secrets


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("https://ci:hunter2@ci.example/runs/1", "https://ci.example/runs/1"),
        ("https://glpat-1@ci.example/runs/1", "https://ci.example/runs/1"),
        ("https://ci.example/1?job=2&token=abc&x", "https://ci.example/1?job=2&token=***&x"),
        ("https://ci.example/1?access_token=a#log", "https://ci.example/1?access_token=***#log"),
        ("https://ci.example/1?q=a%20b&empty=#token=1", "https://ci.example/1?q=a%20b&empty=#token=1"),
        ("https://ci.example/a@b/?next=", "https://ci.example/a@b/?next="),
        ("/ci/payments", "/ci/payments"),
        ("https://[::1", "https://[::1"),
    ],
)
def test_an_address_is_kept_without_what_lets_somebody_in(told: str, kept: str) -> None:
    assert without_secrets(told) == kept
