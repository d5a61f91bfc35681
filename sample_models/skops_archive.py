"""A skops archive with settled bytes: the same model always gives the same file.

skops names its members after memory addresses and stamps them with the time. Here members are
renumbered in order of appearance and dated alike.
"""

import io
import json
import zipfile
from typing import Any

SCHEMA = "schema.json"


def settled(archive: bytes) -> bytes:
    """The same archive with member names, ids and dates that depend on the content alone."""
    with zipfile.ZipFile(io.BytesIO(archive)) as given:
        schema = json.loads(given.read(SCHEMA))
        contents = {name: given.read(name) for name in given.namelist() if name != SCHEMA}
    ids: dict[int, int] = {}
    names: dict[str, str] = {}
    schema = _renumbered(schema, ids, names)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as fresh:
        for old, new in sorted(names.items(), key=lambda pair: pair[1]):
            fresh.writestr(zipfile.ZipInfo(new), contents[old])
        fresh.writestr(zipfile.ZipInfo(SCHEMA), json.dumps(schema, sort_keys=True))
    return out.getvalue()


def _renumbered(node: Any, ids: dict[int, int], names: dict[str, str]) -> Any:
    """The node with every object id and member name replaced, first come first numbered."""
    if isinstance(node, list):
        return [_renumbered(part, ids, names) for part in node]
    if not isinstance(node, dict):
        return node
    fresh: dict[str, Any] = {}
    for key, value in node.items():
        if key == "__id__":
            fresh[key] = ids.setdefault(value, len(ids))
        elif key == "file":
            fresh[key] = names.setdefault(value, f"{len(names):04d}.npy")
        else:
            fresh[key] = _renumbered(value, ids, names)
    return fresh
