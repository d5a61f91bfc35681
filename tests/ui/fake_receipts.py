# ruff: noqa: ARG002 - a fake takes what the port takes, needed or not
"""Receipts in memory: one act of each officer on each case, the first of them signed already."""

from dataclasses import dataclass, replace

from decision_service.slips import BEFORE_SIGNING, PROVES, PROVES_NOT
from tests.ui.fake_cases import CASES, NOW
from ui.memory_views import (
    CosignerLine,
    ReceiptCheck,
    ReceiptView,
    SlipView,
    TailView,
    WitnessLine,
)
from ui.ports import Refused
from ui.views import Viewer

DIGEST = "9f3c" * 16
LOG = "bank.example/loans"
SIGNED = ReceiptView(
    log=LOG,
    seq=20_851,
    at=NOW,
    what="Override recorded",
    who="Asha",
    case_id=CASES[0].case_id,
    leaf_hash=DIGEST,
    groups=tuple(DIGEST[i : i + 4] for i in range(0, 64, 4)),
    line=f"{LOG} 20851 {DIGEST}",
    signed_size=20_860,
    signed_at=NOW,
    note=f"{LOG}\n20860\nAAAA\n\n\N{EM DASH} {LOG} AAAA\n",
    key=f"{LOG}+0f0f0f0f+AAAA",
    simulated=False,
)
PENDING = replace(SIGNED, seq=20_870, what="Case decided", signed_size=0, signed_at=None, note="")
GROUPS = ("K7Q2", "0MX4", "9TNB", "H3VC", "ZW81", "6GDR", "5YPE") * 2
SLIP = SlipView(
    log=LOG,
    size=20_860,
    signed_at=NOW,
    groups=GROUPS,
    line=f"{LOG} 20860 {' '.join(GROUPS)}",
    note=f"{LOG}\n20860\n{'A' * 44}\n\n\N{EM DASH} {LOG} {'A' * 92}\n",
    key=f"{LOG}+0f0f0f0f+AAAA",
    fingerprint=tuple(DIGEST[i : i + 4] for i in range(0, 64, 4)),
    proves=PROVES,
    proves_not=PROVES_NOT,
    before=BEFORE_SIGNING,
)
TAIL = TailView(
    unsigned=3,
    unsigned_since=NOW,
    unanchored=1_310,
    unanchored_since=NOW,
    only_visits=False,
    witnesses=(WitnessLine(name="Meera", size=19_552, at=NOW),),
    cosigners=(
        CosignerLine(name="hq", size=19_540, at=NOW, problem="", by_file=False),
        CosignerLine(name="court", size=9_000, at=NOW, problem="<b>no</b>", by_file=False),
        CosignerLine(name="union", size=0, at=None, problem="", by_file=True),
    ),
    signer_problem="",
)


@dataclass
class FakeReceipts:
    """Two receipts on the first case; checking looks for a known hash."""

    def of_case(self, viewer: Viewer, case_id: str) -> tuple[ReceiptView, ...]:
        """Of the first case."""
        return (PENDING, SIGNED) if case_id == SIGNED.case_id else ()

    def receipt(self, viewer: Viewer, seq: int) -> ReceiptView:
        """One of the two."""
        for receipt in (PENDING, SIGNED):
            if receipt.seq == seq:
                return receipt
        raise Refused(404, "No such receipt", "You get receipts of what you recorded yourself.")

    def check(self, viewer: Viewer, typed: str) -> ReceiptCheck:
        """Whether the known hash is in it."""
        if DIGEST in typed:
            steps = (("checked", "The entry 20,851 is the one."),)
            return ReceiptCheck(ok=True, headline="It holds.", steps=steps)
        steps = (("broken", "The entry 20,851 here is another one than the receipt is of."),)
        return ReceiptCheck(ok=False, headline="It does not hold.", steps=steps)

    def slip(self, viewer: Viewer) -> SlipView:
        """One slip."""
        return SLIP
