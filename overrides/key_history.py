"""What a ledger says of its own keys: which signed when, and where one was lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from overrides.notes import PublicKey, is_signed_by

KEY_KINDS = frozenset({"ledger_opened", "key_rotated"})


@dataclass(slots=True)
class KeyHistory:
    """Told entry by entry, in their order.

    ``lost`` is the entry that says that personal parts before it can be read by nobody.
    """

    lost: int | None = None
    _signs: str = ""
    _retired: dict[str, int] = field(default_factory=dict)  # the entry that retired each key

    def take(self, seq: int, kind: str, data: Mapping[str, Any]) -> None:
        """Take in an entry of one of the ``KEY_KINDS``."""
        if kind == "ledger_opened":
            keys = data["keys"] if isinstance(data["keys"], list) else []
            self._signs = str(keys[-1]) if keys else ""
        elif data["purpose"] == "signing":
            self._retired[self._signs] = seq
            self._signs = str(data.get("key"))
        elif data["purpose"] == "key-encryption" and data.get("reason") == "lost":
            self.lost = seq

    def retired_before(self, size: int, note: str, keys: Sequence[PublicKey]) -> int | None:
        """The entry that retired every key of these that signed a note over so many entries.

        A key that was retired may have signed no more than the entry that retired it.
        """
        late = {vkey for vkey, seq in self._retired.items() if size > seq + 1}
        if not late:
            return None
        signed = [key.vkey for key in keys if is_signed_by(key, note)]
        if not signed or not late.issuperset(signed):
            return None
        return max(self._retired[vkey] for vkey in signed)
