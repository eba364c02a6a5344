"""No upload is larger than the largest form of ours: more is refused before it fills a disk."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler


class Quota(FileUploadHandler):
    """Looks at the announced length and leaves the files to the handlers after it."""

    def handle_raw_input(
        self,
        input_data: Any,  # noqa: ARG002 - Django's signature
        META: dict[str, Any],  # noqa: ARG002, N803 - Django's signature
        content_length: int,
        *_: Any,
        **__: Any,
    ) -> None:
        """Refuse a body that is longer than two results and a form."""
        if content_length > 2 * settings.LIMIT_SNAPSHOT_BYTES + settings.LIMIT_BODY_BYTES:
            raise RequestDataTooBig

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:  # noqa: ARG002 - Django's signature
        """Pass it on."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the next handler."""
