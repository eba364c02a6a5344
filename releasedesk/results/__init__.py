"""What other tools measured: their output as text → numbers in our units. Pure, standard library only.

The page and the command both read results, and the command knows no room of the desk's: so this one lies at
the bottom, where both may look.
"""

from releasedesk.results.reading import Reading, Unreadable
from releasedesk.results.recognise import read

__all__ = ["Reading", "Unreadable", "read"]
