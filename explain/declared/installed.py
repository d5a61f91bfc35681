"""Formats that installed packages read: entry points of the group ``countermand.models``.

What an entry point is named is a ``format`` of model.yaml; what it leads to takes a
``formats.ModelFile`` and gives what fills ``adapters.ModelAdapter``. It is the code of whoever
installed it: a bundle can name one, and never bring one.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "countermand.models"


def installed_format(name: str) -> "EntryPoint | None":
    """The one installed reader of this format; ValueError where there are several."""
    from importlib.metadata import entry_points

    found = tuple(entry_points(group=GROUP, name=name))
    if len(found) > 1:
        packages = ", ".join(sorted(str(one.dist.name) for one in found if one.dist))
        msg = f"several installed packages read {name}: {packages}; keep one"
        raise ValueError(msg)
    return found[0] if found else None
