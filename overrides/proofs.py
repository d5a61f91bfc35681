"""The proof of one entry as a file of its own (C2SP tlog-proof), for a court or a customer.

Enclosed, where the format has a place for such things, is the entry with what is disclosed of it,
so that nobody needs anything else of the ledger. What is enclosed is believed only because it leads
to the signed root.
"""

from base64 import b64encode
from collections.abc import Iterable, Sequence

from overrides.canonical import canonical
from overrides.export import disclosure_line
from overrides.ledger_rows import Disclosure

TITLE = "c2sp.org/tlog-proof@v1"


def bare_proof(index: int, path: Sequence[bytes], note: str, *, extra: bytes = b"") -> str:
    """The proof that something is entry ``index`` under the signed checkpoint ``note``."""
    hashes = (b64encode(sibling).decode() for sibling in path)
    enclosed = [f"extra {b64encode(extra).decode()}"] if extra else []
    return "\n".join((TITLE, *enclosed, f"index {index}", *hashes, "", note))


def whole_proof(
    index: int, path: Sequence[bytes], note: str, *, body: bytes, parts: Iterable[Disclosure] = ()
) -> str:
    """The same with the entry's exact bytes and the disclosed parts enclosed."""
    disclosures = [disclosure_line(part) for part in parts]
    extra = canonical({"disclosures": disclosures, "entry": b64encode(body).decode()})
    return bare_proof(index, path, note, extra=extra)
