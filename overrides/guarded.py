"""What of the ledger's tables may never happen, for whichever database keeps them."""

from collections.abc import Mapping
from types import MappingProxyType

APPEND_ONLY: tuple[str, ...] = (
    "ledger_event",
    "ledger_subtree",
    "ledger_checkpoint",
    "ledger_stamp",
    "erased_slot",
)
"""Rows are added and stay."""

HEAD = "ledger_head"  # moves forward and is never removed
PARTS = "ledger_payload"  # never change, and go only with an erasure that names them
KEYS = "data_key"  # locked anew, and destroyed; what a key is for never changes
KEY_SCOPE: tuple[str, ...] = ("dek_id", "subject_ref", "case_ref", "record_class")
"""What says which records a data key locks, and so what an erasure takes with it."""

UNIQUE: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        "ledger_event": (("log", "seq"), ("event_id",)),
        "ledger_subtree": (("log", "level", "idx"),),
        "ledger_checkpoint": (("log", "size", "signed_at"),),
        "ledger_stamp": (("log", "digest"),),
        "erased_slot": (("erasure", "place"),),
        HEAD: (("log",),),
        PARTS: (("log", "seq", "slot"),),
        KEYS: (("dek_id",), ("subject_ref", "case_ref", "record_class")),
    }
)
"""Every key by which a new row could take the place of another."""
