"""The daily slip: where the ledger stands on one sheet of paper, for two people to sign and keep.

Its picture holds the signed checkpoint; its line of letters holds the same root for who has no
camera, and is vouched for by the hands that sign.
"""

from collections.abc import Sequence

from decision_service.access import Permission
from decision_service.people_gate import acting_person
from decision_service.refusals import refusing
from decision_service.services import Services
from overrides.ledger import SignedCheckpoint
from overrides.notes import PublicKey, is_signed_by, open_checkpoint
from overrides.signing_keys import trusted_keys
from overrides.slips import fingerprint, slip_groups, slip_line
from ui.memory_views import SlipView
from ui.ports import Refused
from ui.qr import letters
from ui.views import Viewer
from ui.words import count_words, instant_words

PROVES = (
    "Whoever holds this paper can show later whether any of these entries was changed, taken away,"
    " added or put into another order since: an export then no longer leads to this root, whoever"
    " signs it."
)
PROVES_NOT = (
    "It does not show that what the entries say is true, and says nothing of later entries. The"
    " picture carries the signature of the ledger's key; the line of letters does not, and counts"
    " by the hands that signed. For the date, too, only those who sign vouch."
)
BEFORE_SIGNING = (
    "Before you sign, compare the number of entries with the ledger's page, and the print of the"
    " key with one from elsewhere: it is what sha256sum says of the file signing.pub."
)
LINE = "____________________"


def shown(services: Services, viewer: Viewer) -> SlipView:
    """The slip of the newest signed checkpoint, for who reads the ledger."""
    acting_person(services, viewer, Permission.LEDGER)
    with refusing():
        signed = services.ledger.latest_checkpoint()
        if signed is None:
            text = "Nothing is signed yet; a checkpoint is made within a minute."
            raise Refused(404, "No slip yet", text)
        return slip_of(signed, trusted_keys(services.settings.keys))


def slip_of(signed: SignedCheckpoint, keys: Sequence[PublicKey]) -> SlipView:
    """A slip. Raises ``NoteInvalid`` when none of the keys signed the checkpoint."""
    at = open_checkpoint(signed.note, signed.log, keys)
    key = next(key for key in keys if is_signed_by(key, signed.note))
    return SlipView(
        log=at.origin,
        size=at.size,
        signed_at=signed.signed_at,
        groups=slip_groups(at),
        line=slip_line(at),
        note=signed.note,
        key=key.vkey,
        fingerprint=fingerprint(key.vkey),
        proves=PROVES,
        proves_not=PROVES_NOT,
        before=BEFORE_SIGNING,
    )


def slip_text(slip: SlipView) -> str:
    """The same for a printer that knows letters only."""
    from textwrap import fill

    signatures = "\n\n\n".join(f"Name {LINE}  Date {LINE[:10]}  Signature {LINE}" for _ in "12")
    head = {
        "Ledger": slip.log,
        "Entries": count_words(slip.size),
        "Signed": instant_words(slip.signed_at),
        "Key": _wrapped(slip.fingerprint),
    }
    parts = (
        "\n".join(f"{name:11}{said}" for name, said in head.items()),
        slip.line,
        letters(slip.note),
        *(fill(said, 78) for said in (slip.before, slip.proves, slip.proves_not)),
        signatures,
    )
    return "\n\n".join(parts) + "\n"


def _wrapped(groups: tuple[str, ...]) -> str:
    """Groups in two lines."""
    half = len(groups) // 2
    return f"{' '.join(groups[:half])}\n           {' '.join(groups[half:])}"
