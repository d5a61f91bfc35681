"""Who may do what: one table of roles, one table of routes, and everything else is refused.

A permission is a thing people do ("decide", "read the ledger"). A role has permissions; a route
needs one. Pages are told the viewer's permissions by name, so a link that would be refused is not
shown. What a role sees of a case depends on its branch as well (``sees_branch``).
"""

from collections.abc import Mapping
from enum import StrEnum

from decision_service.errors import Forbidden, Unauthenticated
from overrides.appeals import APPEAL_ROLES
from overrides.erasure_desk import APPROVERS as APPROVERS_OF_ERASURES
from overrides.erasure_desk import ASKERS
from overrides.findings import MISS_OWNERS, WORKING_ROLES
from overrides.information import HEARING_ROLES
from overrides.lettering import WRITERS
from overrides.passing_on import LEADING_ROLES
from overrides.taking_back import REOPENING_ROLES
from overrides.values import Actor, Role
from overrides.version_record import OWNERS


class Permission(StrEnum):
    """What a role may do. The names are what pages know as ``viewer.may``."""

    PUBLIC = "public"  # without saying who one is
    ENTER = "enter"  # anyone who is known, whatever the role
    DESK = "desk"  # see cases, as far as the branch goes
    SEARCH = "search"
    DECIDE = "decide"  # claim, agree, override, within the own limit
    APPROVE = "approve"  # another person's override
    ANSWER = "answer"  # record what an applicant said: when asked, or of other terms
    REOPEN = "reopen"  # a closed case
    APPEAL = "appeal"  # record that an applicant contests a decision
    APPROVALS = "approvals"  # see what waits for a second person
    HAND_ON = "hand_on"  # refer cases upwards, hand them over, set them aside
    TEAM = "team"  # see who holds what, take cases back
    TRAINING = "training"  # see who is trained: oneself, or everybody one answers for
    TRAIN = "train"  # record who is
    RECONCILE = "reconcile"  # hold booked loans against decisions
    FINDINGS = "findings"  # see what has to be looked into, own it and close it
    LETTERS = "letters"  # see letters to applicants, as far as the branch goes
    WRITE_LETTERS = "write_letters"  # draft, check and issue them, say what became of them
    CASES = "cases"  # read decisions and cases over HTTP: a service sees its own
    SUBMIT = "submit"  # applications, outcomes, and the feed of what became of them
    CONTRACT = "contract"  # what a model wants to be told and which codes it knows
    PROOFS = "proofs"  # hashes and signatures of the ledger: they say nothing of a case
    LEDGER = "ledger"  # entries
    VERIFY = "verify"
    WITNESS = "witness"  # tell the ledger how much of it one remembers
    ERASURES = "erasures"  # what was asked to be erased, what was, what is held
    ERASE = "erase"  # ask for it; set and lift legal holds
    ERASE_APPROVE = "erase_approve"  # another person's request
    BOARD = "board"
    OVERRIDES = "overrides"  # whether they were right
    FAIRNESS = "fairness"  # protected attributes, in sums alone
    MODELS = "models"
    SIGN_OFF = "sign_off"  # a version of a model, for one's own office
    FEEDBACK = "feedback"
    FEEDBACK_EXPORT = "feedback_export"
    PROTECTED = "protected"  # protected attributes beside decisions: never who builds models
    ADMIN = "admin"


DECIDERS = frozenset({Role.OFFICER, Role.SENIOR_OFFICER, Role.CREDIT_MANAGER})
APPROVERS = frozenset({Role.SENIOR_OFFICER, Role.CREDIT_MANAGER})
LEADERS = LEADING_ROLES
OVERSIGHT = frozenset({Role.COMPLIANCE, Role.RISK})
MODELLERS = frozenset({Role.DATA_SCIENTIST, Role.MODEL_OWNER})
READERS = DECIDERS | OVERSIGHT | {Role.TEAM_LEAD}
EVERYONE = frozenset(Role)
STAFF = READERS | MODELLERS | {Role.OPERATIONS}  # the bank's people, but not who keeps the log-ins

ROLES: Mapping[Permission, frozenset[Role]] = {
    Permission.PUBLIC: EVERYONE,
    Permission.ENTER: EVERYONE,
    Permission.DESK: READERS,
    Permission.SEARCH: READERS,
    Permission.DECIDE: DECIDERS,
    Permission.APPROVE: APPROVERS,
    Permission.ANSWER: HEARING_ROLES,
    Permission.REOPEN: REOPENING_ROLES,
    Permission.APPEAL: APPEAL_ROLES,
    Permission.APPROVALS: APPROVERS | LEADERS,
    Permission.HAND_ON: DECIDERS | LEADERS,
    Permission.TEAM: LEADERS,
    Permission.TRAINING: READERS | {Role.ADMIN},
    Permission.TRAIN: LEADERS,
    Permission.RECONCILE: WORKING_ROLES,
    Permission.FINDINGS: WORKING_ROLES | MISS_OWNERS,
    Permission.LETTERS: READERS,
    Permission.WRITE_LETTERS: WRITERS,
    Permission.CASES: READERS | {Role.SERVICE},
    Permission.SUBMIT: frozenset({Role.SERVICE}),
    Permission.CONTRACT: STAFF | {Role.SERVICE},
    Permission.PROOFS: EVERYONE,
    Permission.LEDGER: OVERSIGHT,
    Permission.VERIFY: OVERSIGHT,
    Permission.WITNESS: OVERSIGHT | {Role.SERVICE},
    Permission.ERASURES: OVERSIGHT,
    Permission.ERASE: ASKERS,
    Permission.ERASE_APPROVE: APPROVERS_OF_ERASURES,
    Permission.BOARD: STAFF,
    Permission.OVERRIDES: OVERSIGHT,
    Permission.FAIRNESS: frozenset({Role.COMPLIANCE}),
    Permission.MODELS: STAFF,
    Permission.SIGN_OFF: frozenset(OWNERS),
    Permission.FEEDBACK: MODELLERS,
    Permission.FEEDBACK_EXPORT: MODELLERS,
    Permission.PROTECTED: OVERSIGHT,
    Permission.ADMIN: frozenset({Role.ADMIN}),
}

ROUTES: Mapping[tuple[str, str], Permission] = {
    # Operation
    ("GET", "/healthz"): Permission.PUBLIC,
    ("GET", "/readyz"): Permission.PUBLIC,
    ("GET", "/metrics"): Permission.PUBLIC,
    ("GET", "/openapi.json"): Permission.PUBLIC,
    ("GET", "/static/{path:path}"): Permission.PUBLIC,
    # Interface, version 1
    ("POST", "/v1/decisions"): Permission.SUBMIT,
    ("POST", "/v1/decisions/batch"): Permission.SUBMIT,
    ("POST", "/v1/outcomes"): Permission.SUBMIT,
    ("GET", "/v1/changes"): Permission.SUBMIT,
    ("GET", "/v1/bundles"): Permission.CONTRACT,
    ("GET", "/v1/bundles/{name}"): Permission.CONTRACT,
    ("GET", "/v1/decisions/{decision_id}"): Permission.CASES,
    ("GET", "/v1/cases"): Permission.CASES,
    ("GET", "/v1/cases/{case_id}"): Permission.CASES,
    ("GET", "/v1/cases/{case_id}/what-would-change"): Permission.CASES,
    ("GET", "/v1/cases/{case_id}/letter"): Permission.LETTERS,
    ("GET", "/v1/cases/{case_id}/reasons/{concept}"): Permission.CASES,
    ("POST", "/v1/cases/{case_id}/reasons/{concept}"): Permission.DECIDE,
    ("GET", "/v1/cases/{case_id}/what-if"): Permission.CASES,
    ("POST", "/v1/cases/{case_id}/what-if"): Permission.DECIDE,
    ("POST", "/v1/cases/{case_id}/claim"): Permission.DECIDE,
    ("DELETE", "/v1/cases/{case_id}/claim"): Permission.DECIDE,
    ("POST", "/v1/cases/{case_id}/review"): Permission.DECIDE,
    ("POST", "/v1/cases/{case_id}/override"): Permission.DECIDE,
    ("POST", "/v1/cases/{case_id}/rescore"): Permission.DECIDE,
    ("POST", "/v1/cases/{case_id}/counter-offer"): Permission.DECIDE,
    ("POST", "/v1/cases/{case_id}/counter-offer/answer"): Permission.ANSWER,
    ("POST", "/v1/cases/{case_id}/correction"): Permission.DECIDE,
    ("POST", "/v1/cases/{case_id}/first-view"): Permission.DECIDE,
    ("POST", "/v1/cases/{case_id}/withdrawal"): Permission.DECIDE,
    ("POST", "/v1/cases/{case_id}/information-request"): Permission.DECIDE,
    ("POST", "/v1/cases/{case_id}/information"): Permission.ANSWER,
    ("POST", "/v1/cases/{case_id}/undo"): Permission.DECIDE,
    ("POST", "/v1/cases/{case_id}/reopening"): Permission.REOPEN,
    ("POST", "/v1/cases/{case_id}/appeal"): Permission.APPEAL,
    ("POST", "/v1/cases/{case_id}/approval"): Permission.APPROVE,
    ("GET", "/v1/ledger/checkpoint"): Permission.PROOFS,
    ("GET", "/v1/ledger/proof"): Permission.PROOFS,
    ("GET", "/v1/ledger/consistency"): Permission.PROOFS,
    ("GET", "/v1/ledger/entries"): Permission.LEDGER,
    ("POST", "/v1/ledger/anchors"): Permission.WITNESS,
    ("GET", "/v1/metrics/board"): Permission.BOARD,
    ("GET", "/v1/feedback-sets"): Permission.FEEDBACK,
    ("POST", "/v1/feedback-sets"): Permission.FEEDBACK_EXPORT,
    ("POST", "/v1/protected-sets"): Permission.PROTECTED,
    ("GET", "/v1/feedback-sets/{set_id}"): Permission.FEEDBACK,
    ("GET", "/v1/feedback-sets/{set_id}/files/{name}"): Permission.FEEDBACK_EXPORT,
    # Scoring servers' own protocols
    ("GET", "/v1/models"): Permission.CONTRACT,
    ("GET", "/v1/models/{name}"): Permission.CONTRACT,
    ("POST", "/v1/models/{name}:predict"): Permission.SUBMIT,
    ("POST", "/v1/models/{name}:explain"): Permission.SUBMIT,
    ("GET", "/v2"): Permission.PUBLIC,
    ("GET", "/v2/health/live"): Permission.PUBLIC,
    ("GET", "/v2/health/ready"): Permission.PUBLIC,
    ("GET", "/v2/models/{name}"): Permission.CONTRACT,
    ("GET", "/v2/models/{name}/ready"): Permission.CONTRACT,
    ("GET", "/v2/models/{name}/versions/{version}"): Permission.CONTRACT,
    ("GET", "/v2/models/{name}/versions/{version}/ready"): Permission.CONTRACT,
    ("POST", "/v2/models/{name}/infer"): Permission.SUBMIT,
    ("POST", "/v2/models/{name}/versions/{version}/infer"): Permission.SUBMIT,
    ("POST", "/invocations"): Permission.SUBMIT,
    # A witness for others: whoever asks is known by the signature on what they show
    ("POST", "/witness/add-checkpoint"): Permission.PUBLIC,
    # Pages
    ("GET", "/"): Permission.PUBLIC,
    ("GET", "/login"): Permission.PUBLIC,
    ("POST", "/login"): Permission.PUBLIC,
    ("POST", "/logout"): Permission.PUBLIC,
    ("GET", "/help"): Permission.PUBLIC,
    ("GET", "/sw.js"): Permission.PUBLIC,
    ("GET", "/desk"): Permission.DESK,
    ("GET", "/queued"): Permission.DESK,
    ("POST", "/desk/next"): Permission.DECIDE,
    ("GET", "/search"): Permission.SEARCH,
    ("GET", "/applications/{application_id}"): Permission.SEARCH,
    ("GET", "/cases/{case_id}"): Permission.DESK,
    ("GET", "/cases/{case_id}/what-would-change"): Permission.DESK,
    ("GET", "/letters"): Permission.LETTERS,
    ("GET", "/cases/{case_id}/letter"): Permission.LETTERS,
    ("POST", "/cases/{case_id}/letter"): Permission.WRITE_LETTERS,
    ("GET", "/cases/{case_id}/reasons/{concept}"): Permission.DESK,
    ("POST", "/cases/{case_id}/reasons/{concept}"): Permission.DECIDE,
    ("GET", "/cases/{case_id}/what-if"): Permission.DESK,
    ("POST", "/cases/{case_id}/what-if"): Permission.DECIDE,
    ("POST", "/cases/{case_id}/claim"): Permission.DECIDE,
    ("POST", "/cases/{case_id}/release"): Permission.DECIDE,
    ("POST", "/cases/{case_id}/review"): Permission.DECIDE,
    ("POST", "/drafts"): Permission.DESK,
    ("POST", "/drafts/discard"): Permission.DESK,
    ("GET", "/cases/{case_id}/pass"): Permission.HAND_ON,
    ("POST", "/cases/{case_id}/pass"): Permission.HAND_ON,
    ("POST", "/cases/{case_id}/take-back"): Permission.TEAM,
    ("GET", "/team"): Permission.TEAM,
    ("POST", "/cases/{case_id}/review-date"): Permission.HAND_ON,
    ("GET", "/training"): Permission.TRAINING,
    ("POST", "/training"): Permission.TRAIN,
    ("GET", "/training/practice"): Permission.DECIDE,
    ("POST", "/training/practice"): Permission.DECIDE,
    ("GET", "/reconciliation"): Permission.RECONCILE,
    ("POST", "/reconciliation"): Permission.RECONCILE,
    ("GET", "/reconciliation/{run_id}"): Permission.RECONCILE,
    ("GET", "/findings"): Permission.FINDINGS,
    ("GET", "/findings.csv"): Permission.FINDINGS,
    ("GET", "/findings/{finding_id}"): Permission.FINDINGS,
    ("POST", "/findings/{finding_id}"): Permission.FINDINGS,
    ("GET", "/approvals"): Permission.APPROVALS,
    ("GET", "/cases/{case_id}/override"): Permission.DECIDE,
    ("POST", "/cases/{case_id}/override"): Permission.DECIDE,
    ("POST", "/cases/{case_id}/rescore"): Permission.DECIDE,
    ("POST", "/cases/{case_id}/first-view"): Permission.DECIDE,
    ("GET", "/cases/{case_id}/withdrawal"): Permission.DECIDE,
    ("POST", "/cases/{case_id}/withdrawal"): Permission.DECIDE,
    ("GET", "/cases/{case_id}/information-request"): Permission.DECIDE,
    ("POST", "/cases/{case_id}/information-request"): Permission.DECIDE,
    ("GET", "/cases/{case_id}/information"): Permission.DECIDE,
    ("POST", "/cases/{case_id}/information"): Permission.DECIDE,
    ("POST", "/cases/{case_id}/undo"): Permission.DECIDE,
    ("GET", "/cases/{case_id}/counter-offer"): Permission.DECIDE,
    ("POST", "/cases/{case_id}/counter-offer"): Permission.DECIDE,
    ("GET", "/cases/{case_id}/correction"): Permission.DECIDE,
    ("POST", "/cases/{case_id}/correction"): Permission.DECIDE,
    ("POST", "/cases/{case_id}/offer-answer"): Permission.DECIDE,
    ("GET", "/cases/{case_id}/reopening"): Permission.REOPEN,
    ("POST", "/cases/{case_id}/reopening"): Permission.REOPEN,
    ("GET", "/cases/{case_id}/appeal"): Permission.APPEAL,
    ("POST", "/cases/{case_id}/appeal"): Permission.APPEAL,
    ("GET", "/cases/{case_id}/approval"): Permission.APPROVE,
    ("POST", "/cases/{case_id}/approval"): Permission.APPROVE,
    ("GET", "/ledger"): Permission.LEDGER,
    ("GET", "/ledger/verify"): Permission.VERIFY,
    ("POST", "/ledger/verify"): Permission.VERIFY,
    ("GET", "/ledger/{seq}"): Permission.LEDGER,
    ("GET", "/ledger/slip"): Permission.LEDGER,
    ("GET", "/ledger/receipt"): Permission.PROOFS,
    ("GET", "/ledger/receipts/{seq}"): Permission.PROOFS,
    ("GET", "/ledger/receipts/{seq}/file"): Permission.PROOFS,
    ("GET", "/erasures"): Permission.ERASURES,
    ("GET", "/erasures/new"): Permission.ERASE,
    ("POST", "/erasures/new"): Permission.ERASE,
    ("GET", "/erasures/due"): Permission.ERASURES,
    ("POST", "/erasures/due"): Permission.ERASE,
    ("GET", "/erasures/due/list"): Permission.ERASURES,
    ("GET", "/erasures/hold"): Permission.ERASE,
    ("POST", "/erasures/hold"): Permission.ERASE,
    ("GET", "/erasures/holds/{hold_id}"): Permission.ERASE,
    ("POST", "/erasures/holds/{hold_id}"): Permission.ERASE,
    ("GET", "/erasures/{request_id}"): Permission.ERASURES,
    ("POST", "/erasures/{request_id}"): Permission.ERASE_APPROVE,
    ("GET", "/erasures/{request_id}/certificate"): Permission.ERASURES,
    ("GET", "/board"): Permission.BOARD,
    ("GET", "/board/{name}.csv"): Permission.BOARD,
    ("GET", "/overrides"): Permission.OVERRIDES,
    ("GET", "/overrides/{name}.csv"): Permission.OVERRIDES,
    ("GET", "/overrides/misses"): Permission.OVERRIDES,
    ("POST", "/overrides/misses"): Permission.OVERRIDES,
    ("GET", "/fairness"): Permission.FAIRNESS,
    ("GET", "/models"): Permission.MODELS,
    ("GET", "/models/{name}"): Permission.MODELS,
    ("GET", "/models/{name}/signoffs"): Permission.MODELS,
    ("POST", "/models/{name}/signoffs"): Permission.SIGN_OFF,
    ("GET", "/models/{name}/routing"): Permission.MODELS,
    ("GET", "/models/{name}/review"): Permission.BOARD,
    ("POST", "/models/{name}/review"): Permission.SIGN_OFF,
    ("GET", "/feedback"): Permission.FEEDBACK,
    ("POST", "/feedback"): Permission.FEEDBACK_EXPORT,
    ("GET", "/feedback/{folder}/{name}"): Permission.FEEDBACK_EXPORT,
    ("GET", "/admin"): Permission.ADMIN,
    ("POST", "/admin/people"): Permission.ADMIN,
    ("GET", "/admin/people/{name}/{change}"): Permission.ADMIN,
    ("POST", "/admin/people/{name}/{change}"): Permission.ADMIN,
}

ROLE_WORDS: Mapping[Role, str] = {
    Role.OFFICER: "Loan officer",
    Role.SENIOR_OFFICER: "Senior loan officer",
    Role.TEAM_LEAD: "Team lead",
    Role.CREDIT_MANAGER: "Credit manager",
    Role.COMPLIANCE: "Compliance",
    Role.RISK: "Risk",
    Role.OPERATIONS: "Operations",
    Role.DATA_SCIENTIST: "Data scientist",
    Role.MODEL_OWNER: "Model owner",
    Role.ADMIN: "Administrator",
    Role.SERVICE: "Service",
}

# Whoever may run commands where the data lies. The record says so instead of borrowing a name.
HOST = Actor(ref="host", name="the command line of this host", role=Role.OPERATIONS)


def permission(method: str, template: str) -> Permission | None:
    """What a route needs; None for a route without a row, which nobody may use."""
    return ROUTES.get(("GET" if method == "HEAD" else method, template))


def check(method: str, template: str, role: Role | None) -> None:
    """Let a request through or refuse it; ``role`` is None when nobody has said who they are.

    Raises:
        Unauthenticated: the route needs someone known.
        Forbidden: this role may not use it, or it has no row in the table.

    """
    needed = permission(method, template)
    if needed is Permission.PUBLIC:
        return
    if role is None:
        raise Unauthenticated
    if needed is None or role not in ROLES[needed]:
        raise Forbidden(role=role.value)


def may(role: Role) -> frozenset[str]:
    """Names of the permissions of a role."""
    return frozenset(p.value for p, roles in ROLES.items() if role in roles)


def sees_branch(actor: Actor, branch: str) -> bool:
    """Whether a case of this branch lies within what the actor may look at.

    Oversight reads every branch, and so does whoever belongs to none; a case that names no branch
    is everyone's. What a service may see is decided by who submitted it, not by branch.
    """
    return actor.role in OVERSIGHT or actor.branch in ("", branch) or not branch
