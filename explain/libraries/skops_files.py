"""Reading scikit-learn models from skops archives, and nothing that could run code of its own.

The archive's list of types and ways to load them is held against a list of ours before any of it is
loaded; a type that is not on it is named.
"""

import io
import json
import zipfile
from collections.abc import Collection, Mapping
from typing import Any

from ..errors import FileTooLarge, UnsafeModelFile

SAFE_LOADERS = frozenset(
    {
        "DictNode",
        "JsonNode",
        "ListNode",
        "NdArrayNode",
        "ObjectNode",
        "SliceNode",
        "TupleNode",
        "TypeNode",
    }
)
UNPACKED_BYTES_MAX = 64 * 1024 * 1024


def read_skops(
    content: bytes, path: str, types: Collection[str], loaders: Collection[str] = ()
) -> Any:
    """Read a skops archive of these types; UnsafeModelFile where it has another.

    ``loaders`` are ways to load that these types need besides the ordinary ones.
    """
    unsafe = _unsafe_types(content, path, types, SAFE_LOADERS.union(loaders))
    if unsafe:
        raise UnsafeModelFile(path, unsafe)
    import skops.io

    untrusted = skops.io.get_untrusted_types(data=content)
    if strange := set(untrusted).difference(types):
        raise UnsafeModelFile(path, tuple(sorted(strange)))
    return skops.io.loads(content, trusted=untrusted)


def _unsafe_types(
    content: bytes, path: str, types: Collection[str], loaders: Collection[str]
) -> tuple[str, ...]:
    """Types and loaders named in the archive that are not on the lists, sorted."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(member.file_size for member in archive.infolist())
            if size > UNPACKED_BYTES_MAX:
                raise FileTooLarge(path, size, UNPACKED_BYTES_MAX)
            schema = json.loads(archive.read("schema.json"))
    except (zipfile.BadZipFile, KeyError, ValueError, RecursionError):
        return ("no skops archive",)
    found: set[str] = set()
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            waiting += node.values()
            if "__loader__" in node or "__class__" in node:
                found |= _unsafe_names(node, types, loaders)
    return tuple(sorted(found))


def _unsafe_names(
    node: Mapping[str, Any], types: Collection[str], loaders: Collection[str]
) -> set[str]:
    """The node's type and loader where they are not on the lists."""
    kind = f"{node.get('__module__')}.{node.get('__class__')}"
    loader = str(node.get("__loader__"))
    unsafe = set() if kind in types else {kind}
    return unsafe if loader in loaders else unsafe | {f"{kind} by {loader}"}
