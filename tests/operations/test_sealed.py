"""What the database keeps encrypted, and what becomes of it when SECRET_KEY changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.conf import settings as desk
from hypothesis import given
from hypothesis import strategies as st

from releasedesk.operations.sealed import BrokenSealError, reseal, seal, unseal

if TYPE_CHECKING:
    from pytest_django import Settings

NEW = "n" * 60
OURS = "config-key:1"


@given(st.binary(max_size=200), st.text(max_size=40))
def test_what_is_sealed_opens_again(secret: bytes, purpose: str) -> None:
    assert unseal(seal(secret, purpose=purpose), purpose=purpose) == secret


def test_the_secret_cannot_be_seen_and_no_two_seals_are_equal() -> None:
    sealed = {seal(b"hunter2", purpose=OURS) for _ in range(2)}
    assert len(sealed) == 2
    assert not any("hunter2" in text for text in sealed)


@pytest.mark.parametrize("purpose", ["config-key:2", "hook-secret:1", ""])
def test_it_does_not_open_for_another_purpose(purpose: str) -> None:
    with pytest.raises(BrokenSealError, match="SECRET_KEY_FALLBACKS"):
        unseal(seal(b"s", purpose=OURS), purpose=purpose)


@pytest.mark.parametrize("kept", ["", "no seal of ours", "ü"])
def test_what_was_never_sealed_is_told_so(kept: str) -> None:
    with pytest.raises(BrokenSealError):
        unseal(kept, purpose=OURS)


def test_any_change_is_noticed() -> None:
    sealed = seal(b"s", purpose=OURS)
    changed = sealed[:-8] + ("A" if sealed[-8] != "A" else "B") + sealed[-7:]
    with pytest.raises(BrokenSealError):
        unseal(changed, purpose=OURS)


def test_a_former_key_opens_while_it_is_named_and_resealing_lets_it_go(settings: Settings) -> None:
    sealed = seal(b"s", purpose=OURS)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [desk.SECRET_KEY], NEW
    assert unseal(sealed, purpose=OURS) == b"s"
    anew = reseal(sealed, purpose=OURS)
    settings.SECRET_KEY_FALLBACKS = []
    assert unseal(anew, purpose=OURS) == b"s"
    for ask in (unseal, reseal):
        with pytest.raises(BrokenSealError):
            ask(sealed, purpose=OURS)
