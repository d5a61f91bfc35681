"""Every page worth looking at, with a person who may see it."""

from tests.ui.fake_cases import (
    APPROVE,
    CASES,
    DECIDED,
    DECLINE,
    NO_SCORE,
    OUTRUN,
    REFER,
    STOPPED,
    WAITING,
)
from tests.ui.fake_erasures import ERASED_ID, HOLD_ID, WAITING_ID
from tests.ui.fake_receipts import DIGEST, PENDING, SIGNED

PAGES = (
    ("", "/"),
    ("", "/login"),
    ("asha", "/"),
    ("asha", "/desk"),
    ("asha", "/desk?status=withdrawn"),
    ("asha", "/search?q=GC"),
    *(
        ("asha", f"/cases/{case.case_id}")
        for case in (DECLINE, REFER, NO_SCORE, STOPPED, OUTRUN, CASES[7])
    ),
    ("ravi", f"/cases/{DECIDED.case_id}"),
    ("asha", f"/cases/{DECLINE.case_id}/what-would-change"),
    ("asha", f"/cases/{DECLINE.case_id}/override"),
    ("asha", f"/cases/{APPROVE.case_id}/override"),
    ("asha", f"/cases/{DECLINE.case_id}/withdrawal"),
    ("asha", f"/cases/{DECLINE.case_id}/pass"),
    ("tilo", "/team"),
    ("ravi", f"/cases/{WAITING.case_id}/approval"),
    ("meera", "/ledger"),
    ("meera", "/ledger/20848"),
    ("meera", "/ledger/verify"),
    ("meera", "/ledger/slip"),
    ("asha", "/ledger/receipt"),
    ("asha", f"/ledger/receipt?receipt={SIGNED.log}+20851+{DIGEST}"),
    ("asha", f"/ledger/receipts/{SIGNED.seq}"),
    ("asha", f"/ledger/receipts/{PENDING.seq}"),
    ("meera", "/erasures"),
    ("meera", "/erasures/new"),
    ("meera", "/erasures/due"),
    ("meera", f"/erasures/holds/{HOLD_ID}"),
    ("meera", f"/erasures/{WAITING_ID}"),
    ("tara", f"/erasures/{ERASED_ID}/certificate"),
    ("meera", "/board"),
    ("dev", "/feedback"),
    ("dev", "/models"),
    ("dev", "/models/german-credit"),
    ("anil", "/admin"),
    ("anil", "/admin/people/lena/leave"),
    ("asha", "/help"),
    ("asha", "/nothing-here"),
)
