"""Re-scoring: a person's act on the case's own application, under the version in force."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from starlette.testclient import TestClient

from decision_service.access import HOST
from decision_service.acting import Acting
from decision_service.app import create_app
from decision_service.decimals import recorded_fields
from decision_service.errors import FieldsErased, ServiceError
from decision_service.rescoring import _fields
from explain.declared.bundle_files import seal
from explain.declared.contract import Contract, Field
from overrides.errors import CaseError, StaleCase
from overrides.journal import Command, Decided, OnceOnly, Receipt, State
from overrides.stores.case_state import SqlState
from overrides.stores.engine import open_engine, writing
from overrides.values import Role
from tests.decision_service.desk_house import BUNDLE, DeskHouse, applications, desk_house
from tests.decision_service.letting_out import promote_unsigned
from tests.decision_service.service_house import bundle_with
from tests.decision_service.test_api_cases import Callers, refused
from tests.decision_service.test_casework import low_side, refusal

LENIENT = {"approve_up_to": '"0.99"', "decline_above": '"0.995"', "version": '"2024.2"'}
SAID: Mapping[str, Any] = {
    "channel": "telephone",
    "product": "car-loan",
    "jurisdiction": "AT",
    "amount": {"minor": 1_900_000, "currency": "DEM"},
    "received_at": "2026-02-27T08:30:00Z",
    "completed_at": "2026-02-28T10:00:00Z",
}
PARTIES = [{"ref": "customer-7", "role": "applicant"}, {"ref": "aunt-7", "role": "guarantor"}]


def promoted(house: DeskHouse, folder: Path, policy: Mapping[str, str]) -> None:
    """Another version of the model, with these lines in its policy, in force."""
    house.services.registry.add(bundle_with(folder, policy), HOST)
    promote_unsigned(house.services.registry, BUNDLE)


@dataclass
class Renewed(DeskHouse):
    """An installation whose version in force is not the one that scored the earlier cases."""

    earlier: list[dict[str, Any]] = field(default_factory=list)

    def taken(self, recommendation: str) -> dict[str, Any]:
        """An earlier decision with this recommendation; each is given once."""
        found = next(made for made in self.earlier if made["recommendation"] == recommendation)
        self.earlier.remove(found)
        return found


@pytest.fixture(scope="module")
def renewed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Renewed]:
    """An installation in which a lenient policy came after 60 cases had been scored."""
    folder = tmp_path_factory.mktemp("renewed")
    with desk_house(folder / "data") as house:
        parts = {f.name: getattr(house, f.name) for f in fields(house)}
        renewed = Renewed(**parts)
        renewed.earlier = [house.apply(parties=_parties(n), **SAID) for n in range(60)]
        promoted(house, folder / "next", LENIENT)
        yield renewed


def _parties(number: int) -> list[dict[str, str]]:
    """Parties of their own for each application."""
    return [{**party, "ref": f"{party['ref']}-{number}"} for party in PARTIES]


def erase_everything(house: DeskHouse) -> None:
    """Destroy every key, as erasures do with those of one person."""
    engine = open_engine(house.services.settings.url)
    with writing(engine) as connection:
        connection.execute(text("DELETE FROM data_key"))
    engine.dispose()


def rescored(house: DeskHouse, who: str, case_id: str) -> str:
    """Press the button on the page as it stands."""
    return house.desk.rescore(house.viewer(who), case_id, house.form(who, case_id))


def opened(house: DeskHouse, event_id: str) -> dict[str, Any]:
    """The personal parts of a decision."""
    return dict(house.services.ledger.open_slots(event_id))


def test_under_a_new_version_the_case_gets_a_new_decision_and_the_old_one_stays(
    renewed: Renewed,
) -> None:
    made = renewed.taken("decline")
    case_id = made["case_id"]
    offer = renewed.desk.case(renewed.viewer("asha"), case_id).rescore
    assert offer is not None
    assert (offer.forced, offer.possible) == (False, True)
    assert offer.words.startswith("Now in force: policy 2024.2. You may decide")
    said = rescored(renewed, "asha", case_id)
    assert said.startswith("Re-scored. The recommendation is now “approve”. Recorded: ledger entry")
    old, new = renewed.services.cases.decisions(case_id)
    assert (new.supersedes, new.attempt) == (old.decision_id, 2)
    assert (new.recommendation, old.recommendation) == ("approve", "decline")
    assert new.probability == old.probability, "the same model on the same fields"
    assert new.policy is not None
    assert new.policy.version == "2024.2"
    assert renewed.kinds(case_id).count("decision_made") == 2


def test_what_is_known_of_the_application_is_carried_over_whole(renewed: Renewed) -> None:
    case_id = renewed.taken("approve")["case_id"]
    rescored(renewed, "asha", case_id)
    old, new = renewed.services.cases.decisions(case_id)
    for name in ("inputs", "monitor", "party.0", "party.1"):
        assert opened(renewed, new.event_id)[name] == opened(renewed, old.event_id)[name]
    assert opened(renewed, new.event_id)["monitor"]["fields"]
    same = "subject parties branch channel product jurisdiction amount bundle simulated"
    for name in (*same.split(), "received_at", "completed_at", "due_at"):
        assert getattr(new, name) == getattr(old, name), name


def test_the_page_shows_the_new_advice_and_which_one_it_replaced(renewed: Renewed) -> None:
    case_id = renewed.taken("decline")["case_id"]
    rescored(renewed, "asha", case_id)
    view = renewed.desk.case(renewed.viewer("bruno"), case_id)
    assert view.recommendation == "approve"
    assert "UTC by asha. This replaced the recommendation “decline” (" in view.replaced_words
    assert view.replaced_words.endswith("; the history has both.")
    assert view.rescore is None
    lines = [line for line in view.history if line.title == view.history[-1].title]
    assert [line.who for line in lines] == ["asha", "core"]
    assert "Recommendation: decline." in lines[1].text
    assert dict(lines[0].details)["Replaced"].startswith("the recommendation “decline”")


def test_the_lease_stays_and_a_page_opened_before_is_stale(renewed: Renewed) -> None:
    case_id = renewed.taken("decline")["case_id"]
    bruno = renewed.form("bruno", case_id, decision="decline")
    renewed.desk.claim(renewed.viewer("asha"), case_id)
    rescored(renewed, "asha", case_id)
    view = renewed.desk.case(renewed.viewer("asha"), case_id)
    assert view.holder == "you"
    renewed.desk.release(renewed.viewer("asha"), case_id)
    assert refusal(renewed, "review", "bruno", case_id, bruno).title.startswith("The case changed")
    again = refusal(renewed, "rescore", "bruno", case_id, bruno)
    assert again.title.startswith("The case changed")


def test_somebody_elses_case_is_not_re_scored(renewed: Renewed) -> None:
    case_id = renewed.taken("decline")["case_id"]
    form = renewed.form("bruno", case_id)
    renewed.desk.claim(renewed.viewer("asha"), case_id)
    assert renewed.desk.case(renewed.viewer("bruno"), case_id).rescore is None
    refused_ = refusal(renewed, "rescore", "bruno", case_id, form)
    assert refused_.title == "Someone else is working on this case"


def test_a_proposal_falls_with_the_score_it_was_made_against(renewed: Renewed) -> None:
    case_id = renewed.taken("decline")["case_id"]
    form = low_side(renewed, "asha", case_id, code="X01")
    renewed.desk.override(renewed.viewer("asha"), case_id, form)
    offer = renewed.desk.case(renewed.viewer("hanna"), case_id).rescore
    assert offer is not None
    assert offer.words.endswith("falls with the old score.")
    rescored(renewed, "hanna", case_id)
    view = renewed.desk.case(renewed.viewer("hanna"), case_id)
    assert (view.status, view.pending, view.may_decide) == ("in_review", None, True)


def test_whoever_is_shut_out_of_a_case_does_not_have_it_re_scored(renewed: Renewed) -> None:
    case_id = renewed.taken("decline")["case_id"]
    form = low_side(renewed, "asha", case_id, code="X01")
    renewed.desk.override(renewed.viewer("asha"), case_id, form)
    no = renewed.form("hanna", case_id, verdict="reject", note="not enough")
    renewed.desk.approval(renewed.viewer("hanna"), case_id, no)
    assert renewed.desk.case(renewed.viewer("asha"), case_id).rescore is None
    form = renewed.form("asha", case_id)
    assert refusal(renewed, "rescore", "asha", case_id, form).status == 403


def test_the_interface_re_scores_once_for_one_key(renewed: Renewed) -> None:
    made = renewed.taken("decline")
    path = f"/cases/{made['case_id']}/rescore"
    with TestClient(create_app(renewed.services, warm=False)) as client:
        callers, key = Callers(renewed, client), renewed.key()
        first = callers.post("asha", path, {"seen_version": 1}, key)
        assert first.status_code == 201
        body = first.json()
        assert (body["supersedes"], body["attempt"]) == (made["decision_id"], 2)
        assert body["recommendation"] == "approve"
        again = callers.post("asha", path, {"seen_version": 1}, key)
        assert (again.status_code, again.json()) == (200, body)
        assert again.headers["idempotency-replayed"] == "true"
        refused(callers.post("asha", path, {"seen_version": 2}, key), 422, "key-reused")
        refused(callers.post("asha", path), 409, "nothing-to-rescore")
        refused(callers.post("asha", path, {"seen": 2}), 422, "invalid-request")
        refused(callers.post("core", path), 403, "forbidden")
        refused(callers.post("chitra", path), 404, "unknown-case")
        seen = callers.get("core", f"/cases/{made['case_id']}").json()
        assert seen["decision"]["decision_id"] == body["decision_id"], "its sender may read it"
        assert callers.get("other-core", f"/decisions/{body['decision_id']}").status_code == 404


def test_a_decided_case_is_not_re_scored(renewed: Renewed) -> None:
    case_id = renewed.taken("decline")["case_id"]
    form = renewed.form("asha", case_id, decision="decline")
    renewed.desk.review(renewed.viewer("asha"), case_id, form)
    assert renewed.desk.case(renewed.viewer("asha"), case_id).rescore is None
    assert refusal(renewed, "rescore", "asha", case_id, form).title == "The case is closed"


def test_a_score_of_the_version_in_force_is_not_made_again(renewed: Renewed) -> None:
    case_id = renewed.apply()["case_id"]
    form = renewed.form("asha", case_id)
    found = refusal(renewed, "rescore", "asha", case_id, form)
    assert found.title == "Nothing to re-score"
    assert "the version in force is the one that scored it" in str(found)


def test_while_suspended_the_case_loses_its_score_and_a_person_decides(tmp_path: Path) -> None:
    with desk_house(tmp_path) as house:
        case_id = house.apply_until("decline")["case_id"]
        house.services.registry.suspend(BUNDLE, HOST)
        said = rescored(house, "asha", case_id)
        assert said.startswith("Re-scored. The model was suspended")
        row = house.services.cases.decisions(case_id)[-1]
        assert (row.failure, row.routing, row.queue) == ("suspended", ("suspended",), "unscored")
        view = house.desk.case(house.viewer("asha"), case_id)
        assert (view.probability, view.may_decide, view.rescore) == (None, True, None)
        form = house.form("asha", case_id)
        found = refusal(house, "rescore", "asha", case_id, form)
        assert "its model is suspended, and it has no score as it is" in str(found)
        form = house.form("asha", case_id, decision="approve")
        assert house.desk.review(house.viewer("asha"), case_id, form).startswith("Approved.")


def test_a_proposal_that_falls_with_its_score_leaves_the_case_to_another_person(
    tmp_path: Path,
) -> None:
    with desk_house(tmp_path) as house:
        case_id = house.apply_until("decline")["case_id"]
        proposed = low_side(house, "asha", case_id, code="X01")
        house.desk.override(house.viewer("asha"), case_id, proposed)
        house.services.registry.suspend(BUNDLE, HOST)
        rescored(house, "asha", case_id)
        house.services.registry.resume(BUNDLE, HOST)
        form = house.form("asha", case_id, decision="approve")
        assert refusal(house, "review", "asha", case_id, form).status == 403
        form = house.form("hanna", case_id, decision="approve")
        assert house.desk.review(house.viewer("hanna"), case_id, form).startswith("Approved.")


def test_after_the_stop_a_case_without_a_score_can_get_one(tmp_path: Path) -> None:
    with desk_house(tmp_path) as house:
        house.services.registry.suspend(BUNDLE, HOST)
        case_id = house.apply()["case_id"]
        house.services.registry.resume(BUNDLE, HOST)
        view = house.desk.case(house.viewer("asha"), case_id)
        assert view.may_decide
        assert view.rescore is not None
        assert view.rescore.words.startswith("The model can be used now")
        rescored(house, "asha", case_id)
        view = house.desk.case(house.viewer("asha"), case_id)
        assert view.probability is not None
        assert "This replaced a decision without a score" in view.replaced_words


def test_a_re_scored_case_is_left_to_a_person_whatever_the_policy_would_do(tmp_path: Path) -> None:
    with desk_house(tmp_path / "data") as house:
        case_id = house.apply_until("decline")["case_id"]
        promoted(house, tmp_path / "next", {**LENIENT, "automation": "both"})
        rescored(house, "asha", case_id)
        row = house.services.cases.decisions(case_id)[-1]
        assert (row.status, row.routing) == ("in_review", ("rescored",))
        assert "case_decided" not in house.kinds(case_id)
        view = house.desk.case(house.viewer("asha"), case_id)
        assert view.routing == ("A person had the case re-scored, so a person decides it.",)


def test_erased_fields_are_not_re_scored_and_the_page_says_what_to_do(tmp_path: Path) -> None:
    with desk_house(tmp_path) as house:
        case_id = house.apply_until("decline")["case_id"]
        form = house.form("asha", case_id)
        house.services.registry.suspend(BUNDLE, HOST)
        erase_everything(house)
        found = refusal(house, "rescore", "asha", case_id, form)
        assert (found.status, found.title) == (409, "It cannot be re-scored")
        assert "have been erased" in str(found)
        offer = house.desk.case(house.viewer("asha"), case_id).rescore
        assert offer is not None
        assert (offer.forced, offer.possible) == (True, False)
        assert offer.words.endswith("have the application sent again, or close the case.")


def test_a_version_that_asks_for_more_says_what_is_lacking(tmp_path: Path) -> None:
    with desk_house(tmp_path / "data") as house:
        case_id = house.apply_until("decline")["case_id"]
        folder = bundle_with(tmp_path / "next", {})
        model = folder / "model.yaml"
        asked = (
            "    - {name: payslip_seen, label: Payslip seen, type: boolean, role: context,"
            " missing: refuse, source: branch}\n"
        )
        lines = model.read_text(encoding="utf-8")
        lines = lines.replace("  fields:\n", f"  fields:\n{asked}", 1)
        lines = lines.replace("\nexample:\n", '\nexample:\n  payslip_seen: "true"\n', 1)
        model.write_text(lines, encoding="utf-8")
        for sample in (folder / "reference.csv", folder / "background.csv"):
            head, *rows = sample.read_text(encoding="utf-8").splitlines()
            rows = [f"{head},payslip_seen", *(f"{row},true" for row in rows)]
            sample.write_text("\n".join(rows) + "\n", encoding="utf-8")
        seal(folder, BUNDLE)
        house.services.registry.add(folder, HOST)
        promote_unsigned(house.services.registry, BUNDLE)
        form = house.form("asha", case_id)
        found = refusal(house, "rescore", "asha", case_id, form)
        assert found.status == 422
        assert "payslip_seen: Give payslip seen" in str(found)
        assert house.kinds(case_id) == ["decision_made", "reasons_shown"]


def rescored_late(house: DeskHouse, case_id: str, first: Callable[[], object]) -> Exception:
    """What refuses a re-score whose fields were read before something else happened."""
    pipeline = house.services.decisions

    class Late:
        """A journal before whose next command it happens."""

        def submit(self, command: Command, *, once: OnceOnly | None = None) -> Future[Receipt]:
            first()
            return pipeline.journal.submit(command, once=once)

    late = replace(house.services, decisions=replace(pipeline, journal=Late()))
    with pytest.raises((CaseError, ServiceError)) as refused_:
        Acting(late).rescore(house.actors["asha"], case_id, None)
    return refused_.value


def test_a_case_whose_decision_changed_meanwhile_is_not_re_scored_from_old_fields(
    tmp_path: Path,
) -> None:
    with desk_house(tmp_path / "data") as house:
        made = house.apply_until("decline")
        case_id = made["case_id"]
        promoted(house, tmp_path / "next", LENIENT)
        corrected = {**_fields_of(made["application_id"]), "duration_months": 12}
        again = partial(house.again, made["application_id"], fields=corrected)
        assert isinstance(rescored_late(house, case_id, again), StaleCase)
        assert len(house.services.cases.decisions(case_id)) == 2


def test_fields_that_are_erased_meanwhile_are_not_written_down_again(tmp_path: Path) -> None:
    with desk_house(tmp_path / "data") as house:
        case_id = house.apply_until("decline")["case_id"]
        promoted(house, tmp_path / "next", LENIENT)
        found = rescored_late(house, case_id, partial(erase_everything, house))
        assert isinstance(found, FieldsErased)
        assert house.kinds(case_id) == ["decision_made"]


def test_fields_that_are_erased_in_the_same_transaction_are_not_written_down_again(
    tmp_path: Path,
) -> None:
    with desk_house(tmp_path / "data") as house:
        case_id = house.apply_until("decline")["case_id"]
        promoted(house, tmp_path / "next", LENIENT)
        pipeline = house.services.decisions

        class Together:
            """A journal that puts an erasure and the next command into one transaction."""

            def submit(self, command: Command, *, once: OnceOnly | None = None) -> Future[Receipt]:
                def both(state: State) -> Decided:
                    assert isinstance(state, SqlState)
                    state.path.connection.execute(text("DELETE FROM data_key"))
                    return command(state)

                return pipeline.journal.submit(both, once=once)

        together = replace(house.services, decisions=replace(pipeline, journal=Together()))
        with pytest.raises(FieldsErased):
            Acting(together).rescore(house.actors["asha"], case_id, None)
        assert house.kinds(case_id) == ["decision_made"]


def _fields_of(application_id: str) -> dict[str, Any]:
    """The fields of a sample application."""
    found = next(a for a in applications() if a["application_id"] == application_id)
    return dict(found["fields"])


NAMES = {
    "number": Field(name="number", label="Number", type="number", missing="allow"),
    "count": Field(name="count", label="Count", type="integer", missing="allow"),
    "pay": Field(name="pay", label="Pay", type="money", missing="allow", unit="DM"),
    "seen": Field(name="seen", label="Seen", type="boolean", missing="allow"),
    "kind": Field(name="kind", label="Kind", type="category", missing="allow", levels={"a": "A"}),
    "said": Field(name="said", label="Said", type="text", role="context", missing="allow"),
    "sex": Field(
        name="sex",
        label="Sex",
        type="category",
        role="monitor_only",
        missing="allow",
        levels={"1": "one", "0": "nought"},
    ),
}
VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    "number": st.floats(allow_nan=False, allow_infinity=False),
    "count": st.integers(-(2**53), 2**53),
    "pay": st.floats(0, 1e12),
    "seen": st.booleans(),
    "kind": st.just("a"),
    "said": st.text(max_size=20),
    "sex": st.sampled_from(["0", "1"]),
}


@given(st.fixed_dictionaries({}, optional={n: v | st.none() for n, v in VALUES.items()}))
def test_recorded_fields_are_sent_again_as_they_were(fields: dict[str, Any]) -> None:
    contract = Contract(tuple(NAMES.values()))
    checked = contract.check(fields)
    inputs = {
        "fields": recorded_fields(checked.features),
        "context": recorded_fields(checked.context),
    }
    monitor = {"fields": recorded_fields(checked.monitor)}
    again = _fields(inputs, monitor, contract)
    assert contract.check(again, None, datetime.now(UTC)) == checked


def test_roles_that_decide_nothing_are_offered_no_re_score(renewed: Renewed) -> None:
    case_id = renewed.taken("decline")["case_id"]
    for who in ("kofi", "greta"):
        assert renewed.actors[who].role in (Role.COMPLIANCE, Role.TEAM_LEAD)
        assert renewed.desk.case(renewed.viewer(who), case_id).rescore is None
