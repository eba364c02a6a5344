"""Secrets the desk must be able to read again, kept in the database under a key that is not in it.

The key comes from `SECRET_KEY` by HKDF-SHA256 (RFC 5869), another one for every purpose: what was sealed
for one row does not open as another's. Fernet (AES-128-CBC with HMAC-SHA256) seals and notices any
change. What was sealed under a former key opens as long as that stands in `SECRET_KEY_FALLBACKS`;
`reseal` moves it to the present one.
"""

from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

SALT = b"releasedesk sealed 1"


class BrokenSealError(Exception):
    """What is kept was sealed under no key we have, for another purpose, or was changed since."""


def seal(secret: bytes, *, purpose: str) -> str:
    """Encrypt for the database. `purpose` says what it is and whose: `config-key:17`."""
    return _keys(purpose).encrypt(secret).decode()


def unseal(sealed: str, *, purpose: str) -> bytes:
    """Decrypt what `seal` gave for the same purpose. Raises `BrokenSealError`."""
    try:
        return _keys(purpose).decrypt(sealed.encode())
    except InvalidToken:
        raise BrokenSealError(_told(purpose)) from None


def reseal(sealed: str, *, purpose: str) -> str:
    """Encrypt anew under the present key, so that a former one can be forgotten. Raises `BrokenSealError`."""
    try:
        return _keys(purpose).rotate(sealed.encode()).decode()
    except InvalidToken:
        raise BrokenSealError(_told(purpose)) from None


def _keys(purpose: str) -> MultiFernet:
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return MultiFernet([_key(secret, purpose) for secret in secrets])


def _key(secret: str, purpose: str) -> Fernet:
    derived = HKDF(SHA256(), length=32, salt=SALT, info=purpose.encode()).derive(secret.encode())
    return Fernet(urlsafe_b64encode(derived))


def _told(purpose: str) -> str:
    return (
        f"The secret kept for '{purpose}' cannot be read: SECRET_KEY has changed and the former one is not "
        "in SECRET_KEY_FALLBACKS, or the row was changed. Set the former key there, or make a new secret."
    )
