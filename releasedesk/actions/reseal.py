"""Encrypt anew what the database keeps sealed, so that a former SECRET_KEY can be forgotten."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from releasedesk.deliveries.models import Answering, Delivery, Source, Target
from releasedesk.measurements.models import MetricSource
from releasedesk.operations.sealed import BrokenSealError, reseal
from releasedesk.releases.models import ConfigKey

# model → the columns it keeps sealed, each with the property by which a row says what for
SEALED: dict[type[Model], dict[str, str]] = {
    ConfigKey: {"sealed": "purpose"},
    Answering: {"credential": "purpose"},
    Source: {"secret": "purpose", "former_secret": "purpose"},
    Target: {"sealed_address": "address_purpose", "sealed_secret": "secret_purpose"},
    Delivery: {"sealed": "purpose"},
    MetricSource: {"credential": "purpose"},
}


@dataclass(frozen=True, slots=True)
class Resealed:
    """What became of one model's secrets; `broken` are the rows that no key of ours opens."""

    what: str
    moved: int
    broken: tuple[str, ...]


def reseal_everything() -> list[Resealed]:
    """Move every sealed secret to the present key. Safe to repeat, and while the desk is in use."""
    return [_reseal(model, columns) for model, columns in SEALED.items()]


def _reseal(model: type[Model], columns: Mapping[str, str]) -> Resealed:
    moved, broken = 0, []
    for row, column in _kept(model, columns):
        kept = getattr(row, column)
        try:
            anew = reseal(kept, purpose=getattr(row, columns[column]))
        except BrokenSealError:
            broken.append(f"{row} ({column})")
            continue
        # Only if it is still the same: whoever changed it meanwhile has sealed it under the present key.
        moved += model._default_manager.filter(pk=row.pk, **{column: kept}).update(**{column: anew})  # noqa: SLF001 - Django's documented name
    return Resealed(str(model._meta.verbose_name_plural), moved, tuple(broken))  # noqa: SLF001 - the same


def _kept(model: type[Model], columns: Iterable[str]) -> Iterator[tuple[Any, str]]:
    for column in columns:
        for row in model._default_manager.exclude(**{column: ""}).iterator():  # noqa: SLF001 - Django's name
            yield row, column
