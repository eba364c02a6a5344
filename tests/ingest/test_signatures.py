"""A delivery is from who it says it is, or it is not."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from django.utils.datastructures import CaseInsensitiveMapping

from releasedesk.ingest.signatures import WRONG, what_is_wrong
from tests.builders import NOON, minutes

BODY = b'{"zen": "Keep it logically awesome."}'
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
FORMER = "whsec_" + base64.b64encode(b"f" * 32).decode()
STAMP = int(NOON.timestamp())


def wrong(
    kind: str, headers: dict[str, str], raw: bytes = BODY, *, secrets: tuple[str, ...] = (SECRET,)
) -> str | None:
    return what_is_wrong(kind, CaseInsensitiveMapping(headers), raw, secrets, now=NOON)


def github(secret: str = SECRET, raw: bytes = BODY) -> dict[str, str]:
    return {"X-Hub-Signature-256": f"sha256={hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()}"}


def standard(secret: str = SECRET, raw: bytes = BODY, *, stamp: int | str = STAMP) -> dict[str, str]:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = hmac.new(key, f"msg_1.{stamp}.".encode() + raw, hashlib.sha256).digest()
    return {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": str(stamp),
        "Webhook-Signature": f"v1,{base64.b64encode(signature).decode()}",
    }


def test_githubs_own_example_of_a_signature_is_right() -> None:
    given = {"x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}
    assert wrong("github", given, b"Hello, World!", secrets=("It's a Secret to Everybody",)) is None


def test_the_example_of_standard_webhooks_is_right() -> None:
    secret, raw = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    given = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    then = NOON.fromtimestamp(1614265330, NOON.tzinfo)
    assert what_is_wrong("gitlab", given, raw, [secret], now=then) is None


@pytest.mark.parametrize("kind", ["github", "gitlab", "cdevents"])
def test_a_delivery_without_a_signature_is_told_what_to_set(kind: str) -> None:
    assert "There is n" in (wrong(kind, {}) or "")


@pytest.mark.parametrize(
    ("kind", "headers"),
    [
        ("github", github()),
        ("gitlab", {"X-Gitlab-Token": SECRET}),
        ("gitlab", {"X-Gitlab-Signature": github()["X-Hub-Signature-256"].removeprefix("sha256=")}),
        ("gitlab", standard()),
        ("cdevents", {"Authorization": f"Bearer {SECRET}"}),
        ("cdevents", standard()),
    ],
)
def test_each_sender_signs_in_its_own_way(kind: str, headers: dict[str, str]) -> None:
    assert wrong(kind, headers) is None
    assert wrong(kind, headers, secrets=(FORMER, SECRET)) is None, (
        "two are valid while one replaces the other"
    )
    assert wrong(kind, headers, secrets=(FORMER,)) == WRONG


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_a_changed_body_does_not_fit_its_signature(kind: str) -> None:
    signed = github() if kind == "github" else standard()
    assert wrong(kind, signed, BODY + b" ") == WRONG


@pytest.mark.parametrize(
    "given",
    [
        "sha256=",
        "sha1=757107ea",
        "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        "sha256=ü",
    ],
)
def test_what_is_no_signature_of_github_does_not_fit(given: str) -> None:
    assert wrong("github", {"X-Hub-Signature-256": given}) == WRONG


@pytest.mark.parametrize("off", [-6, 6])
def test_a_signed_message_from_another_time_is_refused(off: int) -> None:
    late = standard(stamp=int((NOON + minutes(off)).timestamp()))
    assert "5 minutes off" in (wrong("gitlab", late) or "")


@pytest.mark.parametrize("off", [-5, 5])
def test_five_minutes_off_is_still_taken(off: int) -> None:
    assert wrong("gitlab", standard(stamp=int((NOON + minutes(off)).timestamp()))) is None


@pytest.mark.parametrize("stamp", ["", "soon", "1e9", "9" * 40, "٣"])
def test_a_timestamp_that_is_none_is_refused(stamp: str) -> None:
    assert "webhook-timestamp" in (wrong("gitlab", standard(stamp=stamp)) or "")


def test_gitlabs_token_beside_a_wrong_signature_does_not_help() -> None:
    assert wrong("gitlab", {**standard(FORMER), "X-Gitlab-Token": SECRET}) == WRONG


def test_gitlabs_own_example_of_a_status_checks_signature_is_right() -> None:
    given = {"x-gitlab-signature": "6c52a647de5847fc387ead12919dc6a5b9ed08e9538583c83da266d958e33aec"}
    assert wrong("gitlab", given, b"{}", secrets=("shared_secret",)) is None


def test_one_fitting_signature_of_several_is_enough() -> None:
    good = standard()
    given = {**good, "Webhook-Signature": f"v1,AAAA v1a,BBBB {good['Webhook-Signature']}"}
    assert wrong("gitlab", given) is None


def test_a_signature_over_another_id_does_not_fit() -> None:
    assert wrong("gitlab", {**standard(), "Webhook-Id": "msg_2"}) == WRONG
