"""Example ledger, models, numbers and people for the pages."""

import json
from datetime import timedelta
from hashlib import sha256

from tests.ui.fake_cases import CASES, NOW
from tests.ui.fake_receipts import TAIL
from ui.ports import Refused
from ui.views import (
    BoardSection,
    BoardView,
    BundleLine,
    BundleView,
    EntryView,
    FeedbackView,
    Figure,
    LedgerRow,
    LedgerState,
    PersonLine,
    StartView,
    VerificationView,
    Viewer,
)

SIZE = 20853
ROOT = sha256(b"root").hexdigest()
NOTE = """countermand.example/log
20850
lcIypS5TTBMXgKRPKpkAVVsLpPe6aXL6Hkd5sMrVXyE=

— countermand.example/log mWk3EhJ0b0n5h1sLQ6rC1bq0l7M2Vw8g9e1kQm0Vb3u5a4yZsJ8cT6fR2pN1xD7oH9iK4jL=
"""
KINDS = (
    (
        "case_decided",
        "Case decided",
        "Asha Boro, loan officer",
        "Declined, agreeing with the model",
    ),
    ("override_recorded", "Override recorded", "Asha Boro, loan officer", "Decline → approve, M01"),
    ("reasons_shown", "Reasons shown", "Asha Boro, loan officer", "7 reasons, codebook 3"),
    ("case_claimed", "Case claimed", "Asha Boro, loan officer", "Until 11:02"),
    ("decision_made", "Decision made", "Application service", "Decline, 42 of 100"),
    ("outcome_observed", "Outcome observed", "Loan book", "60 days late, month 11"),
)


def _row(seq: int) -> LedgerRow:
    kind, words, who, summary = KINDS[seq % len(KINDS)]
    return LedgerRow(
        seq=seq,
        at=NOW - timedelta(minutes=3 * (SIZE - seq)),
        type=kind,
        type_words=words,
        case_id=CASES[seq % len(CASES)].case_id if kind != "outcome_observed" else "",
        who=who,
        summary=summary,
        simulated=seq < SIZE - 12,
    )


def ledger(cursor: str, kind: str) -> LedgerState:
    """One page of 25 entries."""
    newest = int(cursor or SIZE) - 1
    rows = [_row(seq) for seq in range(newest, max(-1, newest - 200), -1)]
    rows = [row for row in rows if kind in ("", row.type)][:25]
    return LedgerState(
        log="countermand.example/log",
        size=SIZE,
        root=ROOT,
        checkpoint=NOTE,
        checkpoint_size=20850,
        checkpoint_at=NOW - timedelta(seconds=40),
        unsigned=3,
        demo=True,
        rows=tuple(rows),
        next_cursor=str(rows[-1].seq) if rows and rows[-1].seq > 0 else "",
        tail=None if cursor else TAIL,
    )


def entry(viewer: Viewer, seq: int) -> EntryView:
    """One entry with a proof of 15 hashes."""
    if not 0 <= seq < SIZE:
        raise Refused(404, "No such entry", f"The ledger has entries 0 to {SIZE - 1}.")
    row = _row(seq)
    body = {
        "actor": "01936f00-aaaa-7000-8000-000000000001",
        "case": row.case_id or None,
        "data": {"code": "M01", "from": "decline", "side": "approved_against_model"},
        "id": f"01936f00-bbbb-7000-8000-0000000{seq:05d}",
        "log": "countermand.example/log",
        "seq": seq,
        "ts": f"{row.at:%Y-%m-%dT%H:%M:%S.%fZ}",
        "type": row.type,
        "v": 1,
    }
    return EntryView(
        row=row,
        body=json.dumps(body, separators=(",", ":")),
        pretty=json.dumps(body, indent=2),
        leaf_hash=sha256(str(seq).encode()).hexdigest(),
        proof=tuple(sha256(f"{seq} {n}".encode()).hexdigest() for n in range(15)),
        proof_size=SIZE,
        root=ROOT,
        opened=(("note", "Twelve months of statements show a second income."),)
        if "verify" in viewer.may
        else (),
        sealed=("inputs: only for people who work on the case", "monitor: never shown on a page"),
    )


def verification(*, ok: bool) -> VerificationView:
    """A run."""
    steps = (
        ("checked", f"All {SIZE:,} entries were read back and hashed again."),
        (
            "checked" if ok else "broken",
            "The root of the hashes is the root the ledger states."
            if ok
            else "Entry 11,402 does not hash to what the tree holds for it.",
        ),
        (
            "checked",
            (
                "The signed checkpoint of size 20,850 lies on the same tree. Its key lies on "
                "this same host, so it proves only that nobody without the key changed it."
            ),
        ),
        ("checked", "Sequence numbers run without a gap, and times never go back."),
        ("note", "The last entry is under no signed checkpoint yet."),
    )
    return VerificationView(
        ok=ok,
        headline=f"The ledger is complete and unchanged up to entry {SIZE - 1:,}."
        if ok
        else "The ledger was changed: entry 11,402 is not what was written.",
        steps=steps,
        checked_at=NOW,
    )


def overrides(bundle: str) -> BoardView:
    """A verdict that is not there yet, a comparison, and a table of officers."""
    verdict = BoardSection(
        title="Were low-side overrides right",
        lead="No conclusion yet. It takes 109 matured overrides to see a bad rate 1.5 times the "
        "expected one with 80 % certainty; there are 41. There will be enough by 2027-04-02, "
        "when loans that exist have matured.",
        figures=(
            Figure(
                label="Observed over expected bad loans",
                value="0.82",
                interval="0.41 to 1.42",
                denominator="41 matured low-side overrides: 9 went bad, 11.0 were expected",
                meaning="1 is as many as expected.",
                low=0.41,
                high=1.42,
                point=0.82,
                reference=1.0,
            ),
            Figure(
                label="The same over loans that chance let in",
                value="Not enough data yet",
                interval="",
                denominator="0 such loans",
                meaning="This alone tells judgement from an error of the scores.",
                state="not enough",
            ),
        ),
        table=(
            ("Approvals", "Matured", "Went bad", "Bad rate", "95 %", "Mean score"),
            ("Approved against the model", "41", "9", "22.0 %", "12.0 % to 36.7 %", "0.268"),
            ("Approved as recommended", "402", "31", "7.7 %", "5.5 % to 10.7 %", "0.081"),
        ),
        table_caption="Matured approvals, with the gap between their scores",
    )
    officers = BoardSection(
        title="Low-side overrides by officer",
        lead="In the order of names: this is no ranking.",
        figures=(),
        table=(
            ("Officer", "Matured", "Expected bad", "Observed over expected", "95 %", "Finding"),
            ("Asha", "33", "8.8", "0.86", "0.52 to 1.28", "Not told apart"),
            ("Ravi", "8", "2.2", "not enough data yet", "", ""),
        ),
        table_caption="Matured low-side overrides by officer",
    )
    return BoardView(
        bundle=bundle or "german-credit",
        bundles=("german-credit", "taiwan-card"),
        as_of=NOW,
        simulated=True,
        sections=(verdict, officers),
        later_entries=1204,
    )


def fairness(bundle: str) -> BoardView:
    """One attribute with too few cases on one side."""
    age = BoardSection(
        title="Age",
        lead="378 of 378 decided cases with advice state it.",
        figures=(),
        table=(
            ("Side", "Group", "Against", "Overridden", "Odds ratio at equal score", "Finding"),
            ("Declined against the model", "up to 28", "above 40", "9 of 80", "1.31", "Look"),
            ("Approved against the model", "up to 28", "above 40", "2 of 61", "", "insufficient"),
        ),
        table_caption="Overrides by age",
    )
    return BoardView(
        bundle=bundle or "german-credit",
        bundles=("german-credit", "taiwan-card"),
        as_of=NOW,
        simulated=True,
        sections=(age,),
    )


def board(bundle: str) -> BoardView:
    """Four sections, four owners."""
    quality = (
        Figure(
            label="Bad rate of approved loans",
            value="8.9 %",
            interval="7.1 % to 11.1 %",
            denominator="71 of 798 matured loans",
            meaning="How many approved loans went bad within 12 months.",
            baseline="11.4 %",
            target="at most 9.5 %",
            owner="Risk",
            state="good",
            low=0.071,
            high=0.111,
            point=0.089,
            reference=0.095,
        ),
        Figure(
            label="Bad rate against expectation",
            value="0.94",
            interval="0.74 to 1.18",
            denominator="71 seen, 75.6 expected",
            meaning="One means the model expects what happens.",
            baseline="1.21",
            target="0.9 to 1.1",
            owner="Data science",
            state="good",
            low=0.74,
            high=1.18,
            point=0.94,
            reference=1.0,
        ),
        Figure(
            label="Value of overrides",
            value="Not enough yet",
            interval="",
            denominator="12 of 30 matured overrides",
            meaning="Whether overridden loans did better than the model expected. "
            "Enough by about 14 March 2027.",
            owner="Risk",
            state="not enough",
        ),
    )
    use = (
        Figure(
            label="Low-side overrides",
            value="4.1 %",
            interval="3.2 % to 5.3 %",
            denominator="61 of 1,480 declines advised",
            meaning="Approved although the model says decline.",
            baseline="9.8 %",
            target="at most 5 %",
            owner="Compliance",
            state="watch",
            low=0.032,
            high=0.053,
            point=0.041,
            reference=0.05,
        ),
        Figure(
            label="High-side overrides",
            value="6.7 %",
            interval="5.8 % to 7.7 %",
            denominator="188 of 2,812 approvals advised",
            meaning="Declined although the model says approve.",
            baseline="7.0 %",
            target="at most 5 %",
            owner="Compliance",
            state="bad",
            low=0.058,
            high=0.077,
            point=0.067,
            reference=0.05,
        ),
        Figure(
            label="Reason “other”",
            value="1.2 %",
            interval="0.4 % to 3.5 %",
            denominator="3 of 249 overrides",
            meaning="A large share would mean the list of reasons does not fit.",
            baseline="none",
            target="at most 2 %",
            owner="Compliance",
            state="good",
            low=0.004,
            high=0.035,
            point=0.012,
            reference=0.02,
        ),
    )
    pace = (
        Figure(
            label="Received to decided, median",
            value="5 h 40 min",
            interval="",
            denominator="4,292 decided cases",
            meaning="Half of the cases are faster.",
            baseline="26 h",
            target="8 h",
            owner="Operations",
            state="good",
        ),
        Figure(
            label="Received to decided, slowest tenth",
            value="31 h",
            interval="",
            denominator="4,292 decided cases",
            meaning="Nine of ten cases are faster.",
            baseline="94 h",
            target="24 h",
            owner="Operations",
            state="watch",
        ),
    )
    return BoardView(
        bundle=bundle or "german-credit",
        bundles=("german-credit", "taiwan-cards"),
        as_of=NOW,
        simulated=True,
        sections=(
            BoardSection(
                title="Decision quality", lead="Are the decisions right?", figures=quality
            ),
            BoardSection(
                title="Overrides",
                lead="Do people correct the model where they should?",
                figures=use,
                table=(
                    ("Reason", "Overrides", "Matured", "Went bad", "Expected"),
                    ("M01 Verified income", "24", "9", "1", "2.1"),
                    ("M02 Payment record", "18", "3", "0", "0.9"),
                    ("P02 Policy exception", "7", "0", "none yet", "none yet"),
                ),
                table_caption="Low-side overrides by reason",
            ),
            BoardSection(title="Turnaround", lead="Is it quick enough?", figures=pace),
        ),
    )


BUNDLES = (
    BundleLine(
        name="german-credit",
        title="German credit",
        version="1.4.0",
        status="champion",
        status_words="Champion: scores every application",
        owner="Retail risk models",
        registered_at=NOW - timedelta(days=80),
    ),
    BundleLine(
        name="taiwan-cards",
        title="Taiwan card default",
        version="0.9.2",
        status="registered",
        status_words="Registered, scores only when named",
        owner="Card models",
        registered_at=NOW - timedelta(days=9),
    ),
)


def card(name: str) -> BundleView:
    """A model's card."""
    line = next(line for line in BUNDLES if line.name == name)
    return BundleView(
        surprises=(
            ("Concept", "About", "Surprised", "Share", "95 % interval"),
            ("G01", "Checking account", "9 of 214", "4.2 %", "2.2 % to 7.8 %"),
            ("G06", "Time in the job", "1 of 12", "not enough data yet", ""),
        ),
        surprises_words="Counted over the latest 260 times that reasons were shown.",
        watch=(
            ("Loans decided in", "Counted", "Went bad", "Expected", "Left out", "E-value", "State"),
            ("2025-09", "112", "14", "11.6", "3", "1.42", "Nothing found"),
            ("2025-08", "24", "2", "2.6", "0", "0.91", "Not enough data yet"),
        ),
        watch_words="Watched since 2026-09-01: nothing found in 136 loans.",
        line=line,
        card=(
            ("h2", "Purpose"),
            (
                "p",
                (
                    "Ranks applications for consumer loans by the chance that they go bad within "
                    "twelve months. It advises; a person decides."
                ),
            ),
            ("h2", "What it was made from"),
            ("cells", "Part\tWhat it is"),
            ("cells", "Rows\t1,000 applications, 1973 to 1975"),
            ("cells", "Went bad\t300 of 1,000"),
            ("cells", "Method\tGradient boosted trees, monotone where the codebook says so"),
            ("h2", "Known limits"),
            ("li", "The amounts are in Deutsche Mark and half a century old."),
            ("li", "Applicants who were turned away at the time are not in the sample."),
            ("h2", "How well it ranks"),
            ("pre", "AUC 0.784 (0.751 to 0.815), 5 x 5-fold\nBrier 0.166"),
        ),
        versions=(
            ("Model", "1.4.0", "2026-09-03", sha256(b"m").hexdigest()),
            ("Policy", "2026-09", "2026-09-01", sha256(b"p").hexdigest()),
            ("Codebook", "3", "2026-08-19", sha256(b"c").hexdigest()),
        ),
        fields=(
            ("Field", "Type", "Values", "Needed"),
            ("duration_months", "integer", "4 to 72", "yes"),
            ("checking_status", "category", "below 0, 0 to 200, above 200, none", "yes"),
            ("savings", "category", "below 100, 100 to 500, …", "no"),
        ),
        concepts=(
            ("Concept", "Title", "Sentence"),
            ("G01", "Checking account", "Your checking account was often overdrawn."),
            ("G02", "Length of the loan", "The loan would run for a long time."),
        ),
        codes=(
            ("Code", "Reason", "For", "Second person"),
            ("M01", "Verified income the model did not see", "approve", "by amount"),
            ("X03", "Other", "both", "always"),
        ),
        kpis=(
            ("Number", "Baseline", "Target", "Owner"),
            ("Bad rate of approved loans", "11.4 %", "at most 9.5 %", "Risk"),
        ),
    )


def feedback(bundle: str) -> FeedbackView:
    """Counts and two exports."""
    return FeedbackView(
        bundle=bundle or "german-credit",
        bundles=("german-credit", "taiwan-cards"),
        counts=(
            ("OBSERVED_GOOD", 727, "Paid as agreed for the whole window."),
            ("OBSERVED_BAD", 71, "90 days late or written off."),
            ("IMMATURE", 1904, "Too young to say. Never counted as good."),
            ("UNOBSERVED_DECLINED", 1419, "Declined, so there is no loan to watch."),
            ("UNOBSERVED_WITHDRAWN", 171, "The applicant withdrew."),
        ),
        total=4292,
        exports=(
            (NOW - timedelta(days=1), "Dev", 4211, "2026-11-21-german-credit-002"),
            (NOW - timedelta(days=31), "Dev", 3380, "2026-10-22-german-credit-001"),
        ),
        caveats=(
            "Outcomes exist only for loans that were paid out.",
            "History before 1 November 2026 is simulated.",
        ),
        files={
            "2026-11-21-german-credit-002": ("manifest.json", "decisions.parquet"),
            "2026-10-22-german-credit-001": ("manifest.json", "decisions.parquet"),
        },
    )


PEOPLE = {
    name: PersonLine(
        name=name,
        role=role,
        role_words=words,
        branch=branch,
        limit=limit,
        state=state,
        last_seen=seen,
    )
    for name, role, words, branch, limit, state, seen in (
        ("asha", "officer", "Loan officer", "Branch 14", "DM 10,000", "active", NOW),
        (
            "ravi",
            "senior_officer",
            "Senior officer",
            "Branch 14",
            "DM 50,000",
            "active",
            NOW - timedelta(hours=2),
        ),
        ("meera", "compliance", "Compliance", "", "", "active", NOW - timedelta(days=1)),
        (
            "lena",
            "officer",
            "Loan officer",
            "Branch 14",
            "DM 5,000",
            "locked",
            NOW - timedelta(days=9),
        ),
        ("otto", "officer", "Loan officer", "Branch 3", "", "left", None),
    )
}


def start(viewer: Viewer | None, password: str) -> StartView:
    """The first page of each role."""
    steps = {
        "officer": (
            ("/desk", "Open your desk", "47 cases wait, 1 is overdue."),
            ("/board", "See how we are doing", "The numbers all four teams share."),
        ),
        "compliance": (
            ("/ledger", "Read the ledger", "Every act, newest first."),
            ("/ledger/verify", "Check that nothing was changed", "Takes some seconds."),
        ),
    }
    words = "People and history before 1 November 2026 are simulated; the applications are real."
    role = viewer.role if viewer else ""
    return StartView(
        viewer_role=role,
        steps=steps.get(role, (("/models", "See the models", "What they may be used for."),))
        if viewer
        else (),
        demo=True,
        demo_words=words,
        log_ins=(
            ("asha", password, "Loan officer"),
            ("ravi", password, "Senior officer"),
            ("meera", password, "Compliance"),
            ("dev", password, "Data scientist"),
            ("anil", password, "Administrator"),
        ),
    )
