"""Requests as bytes: a versioned header, then one little-endian column after the other.

Offset  Size     Content
0       4        "RDRQ"
4       1        format, 1
5       1        flags: 1 there is a cache column, 2 there is a db_calls column
6       2        zero
8       4        number of requests n, unsigned
12      8 * n    response_ms, float64
        2 * n    status, int16
        1 * n    cache, int8, if flagged: 1 hit, 0 miss, -1 unknown
        4 * n    db_calls, int32, if flagged: -1 unknown
"""

from __future__ import annotations

import struct
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Columns: TypeAlias = tuple[
    NDArray[np.float64], NDArray[np.int16], NDArray[np.int8] | None, NDArray[np.int32] | None
]

_HEADER = struct.Struct("<4sBBxxI")
_MAGIC, _FORMAT = b"RDRQ", 1
_HAS_CACHE, _HAS_DB_CALLS = 1, 2


def pack(
    response_ms: NDArray[np.float64],
    status: NDArray[np.int16],
    cache: NDArray[np.int8] | None,
    db_calls: NDArray[np.int32] | None,
) -> bytes:
    """Pack columns of equal length."""
    flags = (cache is not None) * _HAS_CACHE | (db_calls is not None) * _HAS_DB_CALLS
    parts = [_HEADER.pack(_MAGIC, _FORMAT, flags, len(response_ms))]
    parts += [response_ms.astype("<f8").tobytes(), status.astype("<i2").tobytes()]
    if cache is not None:
        parts.append(cache.astype("i1").tobytes())
    if db_calls is not None:
        parts.append(db_calls.astype("<i4").tobytes())
    return b"".join(parts)


def unpack(packed: bytes) -> Columns:
    """Return response_ms, status, cache and db_calls; ValueError for bytes that `pack` did not make."""
    if len(packed) < _HEADER.size:
        raise ValueError("These bytes are too short to hold packed requests.")
    magic, version, flags, rows = _HEADER.unpack_from(packed)
    if magic != _MAGIC or version != _FORMAT:
        raise ValueError(f"These bytes are not requests packed in format {_FORMAT}.")
    kinds = ["<f8", "<i2"] + ["i1"] * bool(flags & _HAS_CACHE) + ["<i4"] * bool(flags & _HAS_DB_CALLS)
    if len(packed) != _HEADER.size + rows * sum(np.dtype(kind).itemsize for kind in kinds):
        raise ValueError("These packed requests are cut short or have bytes to spare.")
    columns: list[NDArray[Any]] = []
    offset = _HEADER.size
    for kind in kinds:
        columns.append(np.frombuffer(packed, dtype=kind, count=rows, offset=offset))
        offset += columns[-1].nbytes
    cache = columns[2] if flags & _HAS_CACHE else None
    return columns[0], columns[1], cache, columns[-1] if flags & _HAS_DB_CALLS else None
