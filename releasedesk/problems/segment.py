"""One part of a path, as every door reads it."""

from django.urls.converters import StringConverter


class Segment(StringConverter):
    """Anything but a slash. What holds a NUL names nothing: PostgreSQL could not even look it up."""

    regex = r"[^/\0]+"
