"""Example cases: German consumer loans as the pages would be told of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ui.changing_views import OfferView
from ui.reason_views import FieldFault
from ui.views import Act, Bar, CaseView, CodeChoice, ConceptChoice, Pending, ReasonLine, Rescore
from ui.waiting_views import Waiting

NOW = datetime(2026, 11, 22, 10, 42, tzinfo=UTC)

CONCEPTS = (
    ConceptChoice(
        concept="G01", title="Checking account", text="Your checking account was often overdrawn."
    ),
    ConceptChoice(
        concept="G02", title="Length of the loan", text="The loan would run for a long time."
    ),
    ConceptChoice(
        concept="G03", title="Amount", text="The amount is high for a loan of this kind."
    ),
    ConceptChoice(
        concept="G04", title="Savings", text="Your savings are small compared with the loan."
    ),
    ConceptChoice(concept="G05", title="Payment record", text="Earlier loans were paid back late."),
    ConceptChoice(
        concept="G06", title="Time in the job", text="You have been in your job for a short time."
    ),
    ConceptChoice(
        concept="G07", title="Instalments", text="The instalments take a large part of your income."
    ),
    ConceptChoice(
        concept="G08", title="Other loans", text="You are paying back other loans at the same time."
    ),
    ConceptChoice(
        concept="H01", title="Income not confirmed", text="We could not confirm your income."
    ),
)


def _code(code: str, label: str, group: str, description: str, **more: object) -> CodeChoice:
    given = {
        "evidence_required": True,
        "evidence": "Bank statements or payslips of the last three months",
        "note_min_chars": 40,
        "second_approver": "Needed above DM 10,000 or far from the cut-off",
        "evidence_kinds": ("PAYSLIP", "BANK_STMT"),
    } | more
    return CodeChoice(code=code, label=label, group=group, description=description, **given)  # type: ignore[arg-type]


APPROVE_CODES = (
    _code(
        "M01",
        "Verified income the model did not see",
        "What the model did not know",
        "Income or cash flow proved by papers, not among the fields of the application.",
    ),
    _code(
        "M02",
        "Payment record outside the bureau",
        "What the model did not know",
        "Rent, utilities or a group loan, paid on time.",
        evidence="Six to twelve months of payments",
    ),
    _code(
        "S02",
        "Repayment record with us",
        "What the model did not know",
        "At least twelve months with our own bank, never 30 days late.",
        evidence="Extract of our own accounts",
        second_approver="Always needed",
    ),
    _code(
        "D01",
        "Bureau record is wrong or another person's",
        "Wrong or old facts",
        "The report is disputed or was corrected.",
        evidence="Reference of the dispute, or the corrected report",
        second_approver="Not needed",
    ),
    _code(
        "D03",
        "Record is out of date",
        "Wrong or old facts",
        "A debt was repaid or an account closed after the report was made.",
        evidence="Letter or statement not older than 30 days",
    ),
    _code(
        "C01",
        "One-off cause, now resolved",
        "The customer's situation",
        "The past problem had a cause that is over.",
        evidence="Proof of the event and three months of recovery",
    ),
    _code(
        "C02",
        "Confirmed improvement in income",
        "The customer's situation",
        "A better contract, and the first pay under it.",
        evidence="Contract and the first payslip",
        review_days=365,
        evidence_kinds=("EMPLOYER_LETTER", "PAYSLIP"),
    ),
    _code(
        "G02",
        "Collateral or deposit lowers the loss",
        "What makes the loan safer",
        "A security the model does not see.",
        evidence="Valuation and charge",
    ),
    _code(
        "P02",
        "Approved policy exception",
        "Policy",
        "An exception from the register, with room left.",
        evidence="Number in the register",
        second_approver="Always needed",
    ),
    _code(
        "X03",
        "Other",
        "Other",
        "None of the reasons above. Say it in full; it will be read and recoded.",
        evidence="Whatever proves it",
        note_min_chars=200,
        second_approver="Always needed",
    ),
)
DECLINE_CODES = (
    _code(
        "M05",
        "Income, work or identity cannot be verified",
        "What the model did not know",
        "At least two ways were tried.",
        evidence="Log of the attempts",
    ),
    _code(
        "M04",
        "Debts that were not stated",
        "What the model did not know",
        "Obligations found that the application leaves out.",
        evidence="Statement, amount, the new share of income",
    ),
    _code(
        "F01",
        "Suspected fraud or misstatement",
        "New risk",
        "Handed to the fraud unit.",
        evidence="Number of the fraud case",
        second_approver="Always needed, from the fraud unit",
    ),
    _code(
        "P01",
        "A rule of the credit policy is not met",
        "Policy",
        "Name the rule and the value.",
        evidence="Number of the rule",
        second_approver="Not needed",
    ),
)

AGAINST = (
    ReasonLine(
        concept="G01",
        title="Checking account",
        text="The checking account is overdrawn. Most approved applicants have money in it.",
        value="below DM 0",
        contribution=0.8143,
        strength="strong",
        rank=1,
        weak="Rests on data to check: Credit history (out of date).",
    ),
    ReasonLine(
        concept="G02",
        title="Length of the loan",
        text="The loan would run for 48 months. Most loans here run for 12 to 24.",
        value="48 months",
        contribution=0.5521,
        strength="strong",
        rank=2,
    ),
    ReasonLine(
        concept="G04",
        title="Savings",
        text="Savings are below DM 100, so there is little to fall back on.",
        value="below DM 100",
        contribution=0.2310,
        strength="moderate",
        rank=3,
    ),
    ReasonLine(
        concept="G08",
        title="Other loans",
        text="Two other loans are being paid back.",
        value="2",
        contribution=0.1204,
        strength="slight",
        rank=4,
    ),
)
FOR = (
    ReasonLine(
        concept="G05",
        title="Payment record",
        text="All earlier loans at this bank were paid back on time.",
        value="all paid duly",
        contribution=-0.4410,
        strength="strong",
        rank=1,
    ),
    ReasonLine(
        concept="G06",
        title="Time in the job",
        text="Seven years or more with the same employer.",
        value="7 years or more",
        contribution=-0.2015,
        strength="moderate",
        rank=2,
    ),
    ReasonLine(
        concept="G09",
        title="Guarantor",
        text="A guarantor stands in for the loan.",
        value="guarantor",
        contribution=-0.0833,
        strength="slight",
        rank=3,
    ),
)
BARS = (
    Bar(label="Checking account", value="below DM 0", contribution=0.8143),
    Bar(label="Length of the loan", value="48 months", contribution=0.5521),
    Bar(label="Payment record", value="all paid duly", contribution=-0.4410),
    Bar(label="Savings", value="below DM 100", contribution=0.2310),
    Bar(label="Time in the job", value="7 years or more", contribution=-0.2015),
    Bar(label="Other loans", value="2", contribution=0.1204),
    Bar(label="Guarantor", value="guarantor", contribution=-0.0833),
    Bar(label="Purpose", value="used car", contribution=-0.0512),
    Bar(label="Instalments", value="3 % of income", contribution=0.0444),
    Bar(label="Amount", value="DM 7,882", contribution=0.0121),
)
FACTS = (
    ("Amount", "DM 7,882"),
    ("Term", "48 months"),
    ("Purpose", "Used car"),
    ("Checking account", "below DM 0"),
    ("Savings", "below DM 100"),
    ("Earlier loans", "All paid back duly"),
    ("In this job since", "7 years or more"),
    ("Instalment", "3 % of income"),
    ("Guarantor", "Yes"),
    ("Housing", "Rent"),
    ("Loans at this bank", "2"),
    ("Telephone", ""),
)
DECISION_ACT = Act(
    at=NOW - timedelta(hours=26),
    title="Scored, sent to a person",
    who="Application service",
    text="",
    details=(("Recommendation", "decline"), ("Queue", "branch-14")),
    seq=20818,
    simulated=False,
)

DECLINE = CaseView(
    doubts=("Only 2 of the 200 pinned applicants stand as far from all others as this applicant.",),
    may_turn=True,
    may_try=True,
    case_id="01936f00-0000-7000-8000-000000001001",
    application_id="GC-0731",
    version=3,
    status="in_review",
    status_words="In review",
    bundle="german-credit",
    bundle_title="German credit",
    model_version="1.4.0",
    policy_version="2026-09",
    codebook_version="3",
    amount="DM 7,882",
    product="Consumer loan",
    branch="Branch 14",
    received_at=NOW - timedelta(hours=26),
    due=NOW + timedelta(hours=4),
    overdue=False,
    simulated=False,
    recommendation="decline",
    recommendation_words="The score lies above the line from which the policy declines.",
    probability=0.4246,
    odds_words="Of 100 applications scored like this, the model expects about 42 to go bad.",
    approve_up_to=0.2,
    decline_above=0.35,
    distance_words="That is 7 more than the policy accepts.",
    reliable=True,
    unreliable_words="",
    adverse=AGAINST,
    favourable=FOR,
    bars=BARS,
    base=-1.3012,
    raw=-0.3039,
    sum_error="2.2e-16",
    scale_words="log-odds",
    method_words="Exact tree attributions, on the scale of log-odds",
    facts=FACTS,
    warnings=(),
    faults=(
        FieldFault(
            field="credit_history",
            label="Credit history",
            code="stale",
            text="Credit history is 41 days old; at most 30 are agreed.",
            owner="Loan Origination (origination@lender.example)",
            concepts=(AGAINST[0].concept,),
        ),
    ),
    routing=("Every application is decided by a person.", "The score is near the cut-off."),
    history=(DECISION_ACT,),
    decision_seq=20818,
    holder="",
    holder_until=None,
    final="",
    final_words="",
    side_words="",
    pending=None,
    may_claim=True,
    may_decide=True,
    may_approve=False,
    may_withdraw=True,
    cannot_words="",
    agree_decision="decline",
    override_decision="approve",
    codes=APPROVE_CODES,
    concepts=CONCEPTS,
    links=(("GC-0688, declined 3 May 2026", "01936f00-0000-7000-8000-000000001007"),),
)


def _like(number: int, **changes: object) -> CaseView:
    named = {
        "case_id": f"01936f00-0000-7000-8000-00000000{number}",
        "application_id": f"GC-{number - 270:04d}",
        "links": (),
        "warnings": (),
        "faults": (),
    }
    return replace(DECLINE, **(named | changes))  # type: ignore[arg-type]


REFER = _like(
    1002,
    recommendation="refer",
    probability=0.2713,
    recommendation_words="The score lies between the cut-offs, where the policy advises nothing.",
    odds_words="Of 100 applications scored like this, the model expects about 27 to go bad.",
    distance_words="The policy approves up to 20 and declines above 35.",
    agree_decision="",
    override_decision="",
    codes=(),
    amount="DM 3,059",
    due=NOW - timedelta(hours=2),
    overdue=True,
    routing=("The score lies between the cut-offs.",),
    waiting=Waiting(may_ask=True),
)
APPROVE = _like(
    1003,
    recommendation="approve",
    probability=0.0634,
    recommendation_words="The score lies well below the line up to which the policy approves.",
    odds_words="Of 100 applications scored like this, the model expects about 6 to go bad.",
    distance_words="That is 14 fewer than the policy accepts.",
    adverse=AGAINST[3:],
    favourable=FOR,
    agree_decision="approve",
    override_decision="decline",
    codes=DECLINE_CODES,
    amount="DM 1,424",
    routing=("Drawn by chance, to check the model.",),
)
NO_SCORE = _like(
    1004,
    recommendation="refer",
    probability=None,
    recommendation_words="No score could be made, so a person decides without one.",
    odds_words="The model did not answer in time.",
    distance_words="",
    adverse=(),
    favourable=(),
    bars=(),
    base=0.0,
    raw=0.0,
    agree_decision="",
    override_decision="",
    codes=(),
    amount="DM 12,204",
    routing=("The model did not answer.",),
)
WAITING = _like(
    1005,
    status="waiting_approval",
    status_words="Waiting for a second person",
    amount="DM 14,027",
    may_claim=False,
    may_decide=False,
    may_approve=True,
    pending=Pending(
        by="Asha Boro",
        by_viewer=False,
        at=NOW - timedelta(hours=3),
        decision="approve",
        side_words="Low-side: approved although the model says decline.",
        code="M01",
        code_label="Verified income the model did not see",
        note="Twelve months of statements show a second income of DM 1,150 a month from renting "
        "out a flat. The application form has no field for it.",
        evidence=("Bank statement: DMS-2026-88131",),
        reasons=(),
        needs="A second person with a limit of DM 14,027 or more must uphold it.",
    ),
)
HELD = _like(
    1006,
    holder="Lena Kraus",
    holder_until=NOW + timedelta(minutes=12),
    may_claim=False,
    may_decide=False,
    cannot_words="Lena Kraus is working on this case.",
    amount="DM 2,600",
)
DECIDED = _like(
    1007,
    application_id="GC-0688",
    status="decided",
    status_words="Decided",
    simulated=True,
    final="approve",
    final_words="Approved by Ravi Saikia on 3 May 2026, resting on an upheld override.",
    side_words="Low-side override: approved although the model says decline.",
    may_claim=False,
    may_decide=False,
    may_withdraw=False,
    due=None,
    history=(
        Act(
            at=NOW - timedelta(days=202),
            title="Decided: approve",
            who="Ravi Saikia, senior officer",
            text="The override was upheld.",
            details=(("Rests on", "entry 11,402"),),
            seq=11403,
            simulated=True,
        ),
        Act(
            at=NOW - timedelta(days=202, hours=5),
            title="Override proposed: approve",
            who="Asha Boro, loan officer",
            text="Rent of the last year was paid on time each month; the landlord confirms it.",
            details=(
                ("Reason", "M02 Payment record outside the bureau"),
                ("Evidence", "Bank statement: DMS-2026-30117"),
            ),
            seq=11398,
            simulated=True,
        ),
        DECISION_ACT,
    ),
)
UNRELIABLE = _like(
    1008,
    reliable=False,
    unreliable_words="One reason points the other way than the codebook says it should. "
    "The score may be used; do not quote the reasons to the applicant before someone looked.",
    amount="DM 9,960",
    probability=0.2004,
)
STOPPED = _like(
    1009,
    warnings=("This model has been suspended: do not rely on the score and its reasons.",),
    may_decide=False,
    cannot_words="The model that scored this case is suspended: re-score the case, then decide.",
    stopped=True,
    rescore=Rescore(
        words="The model that scored this case is suspended, so nobody may rest on this score. "
        "Re-score the case: while the model is suspended it gets no score, and you decide from "
        "the application itself.",
        forced=True,
        possible=True,
    ),
    amount="DM 4,310",
)
OUTRUN = _like(
    1010,
    rescore=Rescore(
        words="Now in force: policy 2026-11. You may decide on the score as it is, or re-score "
        "the case.",
        forced=False,
        possible=True,
    ),
    amount="DM 5,020",
)

ASKED = _like(
    1011,
    status="waiting_applicant",
    status_words="Waiting for the applicant",
    may_claim=True,
    may_decide=False,
    may_withdraw=True,
    cannot_words="It cannot be decided while: waiting for the applicant.",
    waiting=Waiting(
        may_answer=True,
        asked=("Savings", "Payslip"),
        asked_note="The second page of the payslip is missing.",
        asked_words=(
            "Asha Menon asked the applicant on 21 Nov 2026, 09:12 UTC. An answer may come until "
            "1 Dec 2026, 17:00 UTC; within the hour after that the case is closed as incomplete."
        ),
        clock_lines=(
            "The service target stands still until the answer comes.",
            "The legal limit does not stand still: it runs out on 19 Dec 2026, 10:42 UTC.",
        ),
    ),
)
UNDOABLE = _like(
    1012,
    status="decided",
    status_words="Decided",
    final="approve",
    final_words="Approved on 22 Nov 2026, 10:41 UTC by you.",
    may_claim=False,
    may_decide=False,
    may_withdraw=False,
    waiting=Waiting(
        undo_words="10:42:31",
        undo_seconds=31,
        held_words=(
            "What follows from the decision waits until 10:42:31 UTC: until then it can be undone."
        ),
    ),
)
OFFERED = _like(
    1014,
    status="countered",
    status_words="Other terms offered",
    may_claim=False,
    may_decide=False,
    offer=OfferView(
        words="Asha Menon offered other terms (a change of terms). The offer stands until "
        "20 Feb 2027, 10:42 UTC.",
        terms=("Amount requested: DM 2,400, not DM 5,951",),
        may_answer=True,
    ),
)
INCOMPLETE = _like(
    1013,
    status="closed_incomplete",
    status_words="Closed, incomplete",
    may_claim=False,
    may_decide=False,
    may_withdraw=False,
    waiting=Waiting(
        may_reopen=True,
        ended_words=(
            "The applicant was asked and did not answer in time, so the case was closed as"
            " incomplete on 20 Nov 2026, 17:00 UTC."
        ),
    ),
)

CASES = (
    *(DECLINE, REFER, APPROVE, NO_SCORE, WAITING, HELD, DECIDED, UNRELIABLE, STOPPED, OUTRUN),
    *(ASKED, UNDOABLE, INCOMPLETE, OFFERED),
)
