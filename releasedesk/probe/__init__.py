"""Drop-in for other people's services: the four numbers, where they happen. Standard library only."""

from releasedesk.probe.count import cache_hit, cache_miss
from releasedesk.probe.dbapi import count_calls
from releasedesk.probe.log import faults

__all__ = ["cache_hit", "cache_miss", "count_calls", "faults"]
