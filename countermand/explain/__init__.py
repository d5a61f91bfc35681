"""Scores taken apart into reasons, for a notebook: ``import countermand.explain``.

The same files as the application's own ``explain``, found under a name that nobody else uses. They
import each other relatively, so neither that plain name nor any other of the application's folders
has to be on the path. Use one of the two names in a process: a class loaded under both is two.
"""

from pathlib import Path

_COUNTERMAND = Path(__file__).parents[1]
_PLACES = (_COUNTERMAND / "_app" / "explain", _COUNTERMAND.parent / "explain")

__path__ = [str(next(place for place in _PLACES if place.is_dir()))]
