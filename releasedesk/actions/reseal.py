"""Encrypt anew what the database keeps sealed, so that a former SECRET_KEY can be forgotten."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from releasedesk.deliveries.models import Answering, Delivery, Source
from releasedesk.measurements.models import MetricSource
from releasedesk.operations.sealed import BrokenSealError, reseal
from releasedesk.releases.models import ConfigKey

# model → the columns it keeps sealed; each row says by `purpose` what for
SEALED: dict[type[Model], tuple[str, ...]] = {
    ConfigKey: ("sealed",),
    Answering: ("credential",),
    Source: ("secret", "former_secret"),
    Delivery: ("sealed",),
    MetricSource: ("credential",),
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


def _reseal(model: type[Model], columns: tuple[str, ...]) -> Resealed:
    moved, broken = 0, []
    for row, column in _kept(model, columns):
        kept = getattr(row, column)
        try:
            anew = reseal(kept, purpose=row.purpose)
        except BrokenSealError:
            broken.append(f"{row} ({column})")
            continue
        # Only if it is still the same: whoever changed it meanwhile has sealed it under the present key.
        moved += model._default_manager.filter(pk=row.pk, **{column: kept}).update(**{column: anew})  # noqa: SLF001 - Django's documented name
    return Resealed(str(model._meta.verbose_name_plural), moved, tuple(broken))  # noqa: SLF001 - the same


def _kept(model: type[Model], columns: tuple[str, ...]) -> Iterator[tuple[Any, str]]:
    for column in columns:
        for row in model._default_manager.exclude(**{column: ""}).iterator():  # noqa: SLF001 - Django's name
            yield row, column
