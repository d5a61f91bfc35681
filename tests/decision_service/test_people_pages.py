"""People as the pages see them: refusals with a status, and links only to where one may go."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from decision_service.access import ROLES, ROUTES, Permission, may
from decision_service.people_pages import PeoplePages, Showcase
from decision_service.starting import STEPS, WITHOUT_NAME, steps_for
from overrides.values import Role
from tests.decision_service.people_house import House
from ui.ports import Refused
from ui.views import Viewer

PASSWORD = "a long password"
FORM = {"name": "bruno", "role": "officer", "branch": "north", "limit": "5000", "currency": "DEM"}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    made.add("root", Role.ADMIN)
    made.add("asha")
    yield made
    made.close()


@pytest.fixture
def pages(house: House) -> PeoplePages:
    return PeoplePages(house.people, house.changes)


def viewer(pages: PeoplePages, name: str) -> Viewer:
    """Somebody who has logged in."""
    found = pages.viewer(pages.sign_in(name, PASSWORD, "10.0.0.1"))
    assert found is not None
    return found


def test_a_viewer_may_what_the_role_may(pages: PeoplePages) -> None:
    asha = viewer(pages, "asha")
    assert (asha.name, asha.role_words, asha.branch) == ("asha", "Loan officer", "north")
    assert asha.may == may(Role.OFFICER)
    assert asha.csrf


def test_a_failed_log_in_is_401_and_too_many_are_429(pages: PeoplePages) -> None:
    refusals = []
    for _ in range(6):
        with pytest.raises(Refused) as refused:
            pages.sign_in("asha", "wrong", "10.0.0.1")
        refusals.append(refused.value)
    assert [refusal.status for refusal in refusals] == [401] * 5 + [429]
    assert "15 minutes" in refusals[-1].text


def test_a_log_out_ends_the_session(pages: PeoplePages) -> None:
    token = pages.sign_in("asha", PASSWORD, "10.0.0.1")
    pages.sign_out(token)
    assert pages.viewer(token) is None
    pages.sign_out("")


def test_an_admin_adds_a_person_and_sees_the_password_once(pages: PeoplePages) -> None:
    root = viewer(pages, "root")
    said = pages.add_person(root, FORM, "form-1")
    password = said.rpartition(" ")[2]
    assert pages.sign_in("bruno", password, "10.0.0.1")
    again = pages.add_person(root, FORM, "form-1")
    assert "bruno was added" in again
    assert password not in again
    line = next(person for person in pages.people(root) if person.name == "bruno")
    assert (line.role_words, line.limit, line.state) == ("Loan officer", "DM 5,000", "active")
    assert line.last_seen is not None


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("name", "asha"), ("role", "king"), ("limit", "much"), ("currency", "euro")],
)
def test_a_fault_points_at_its_field(pages: PeoplePages, field: str, value: str) -> None:
    with pytest.raises(Refused) as refused:
        pages.add_person(viewer(pages, "root"), {**FORM, field: value}, "form-1")
    assert refused.value.status in (409, 422)
    assert list(refused.value.fields) == [field]
    assert refused.value.text.endswith(".")


def test_all_faults_are_told_at_once(pages: PeoplePages) -> None:
    form = {"name": "", "role": "king", "branch": "", "limit": "much", "currency": "euro"}
    with pytest.raises(Refused) as refused:
        pages.add_person(viewer(pages, "root"), form, "form-1")
    assert refused.value.fields.keys() == {"name", "role", "limit", "currency"}
    with pytest.raises(Refused) as refused:
        pages.add_person(viewer(pages, "root"), {**FORM, "currency": ""}, "form-1")
    assert refused.value.fields.keys() == {"currency"}


def test_who_decides_for_all_branches_or_up_to_nothing_is_told_so(pages: PeoplePages) -> None:
    root = viewer(pages, "root")
    form = {**FORM, "branch": "", "limit": ""}
    said = pages.add_person(root, form, "form-1")
    assert said.startswith("bruno was added: loan officer, all branches, since no branch was given")
    assert "limit DM 0." in said
    line = next(person for person in pages.people(root) if person.name == "bruno")
    assert (line.branch, line.limit) == ("All branches", "DM 0")
    risk = {"name": "rita", "role": "risk"}
    assert pages.add_person(root, risk, "form-2").startswith("rita was added. First password")
    line = next(person for person in pages.people(root) if person.name == "rita")
    assert (line.branch, line.limit) == ("", "")


def test_a_role_that_does_not_decide_gets_no_branch_and_no_limit(pages: PeoplePages) -> None:
    with pytest.raises(Refused) as refused:
        pages.add_person(viewer(pages, "root"), {**FORM, "role": "risk"}, "form-1")
    assert refused.value.fields.keys() == {"branch", "limit"}
    assert all("decides no cases" in said for said in refused.value.fields.values())


def test_a_sign_typed_as_currency_is_answered_with_its_code(pages: PeoplePages) -> None:
    with pytest.raises(Refused) as refused:
        pages.add_person(viewer(pages, "root"), {**FORM, "currency": "DM"}, "form-1")
    assert refused.value.fields["currency"] == "'DM' is a sign: write the currency's code, DEM."


@pytest.mark.parametrize("change", ["lock", "leave"])
def test_an_administrator_cannot_end_the_own_or_the_last_access(
    pages: PeoplePages, house: House, change: str
) -> None:
    root = viewer(pages, "root")
    with pytest.raises(Refused) as refused:
        pages.change_person(root, "ROOT", change, "1")
    assert (refused.value.status, refused.value.title) == (409, "Not yourself")
    house.add("other", Role.ADMIN)
    with pytest.raises(Refused) as refused:
        pages.change_person(root, "root", change, "2")
    assert refused.value.status == 409
    pages.change_person(root, "other", change, "3")
    assert [line.name for line in pages.people(root) if line.state == "active"] == ["asha", "root"]


def test_only_an_admin_keeps_the_list(pages: PeoplePages, house: House) -> None:
    asha, root = viewer(pages, "asha"), viewer(pages, "root")
    for act in (
        lambda: pages.people(asha),
        lambda: pages.add_person(asha, FORM, "form-1"),
        lambda: pages.change_person(asha, "root", "lock", "form-2"),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.status == 403
    house.add("other", Role.ADMIN)
    pages.change_person(viewer(pages, "other"), "root", "lock", "form-3")
    with pytest.raises(Refused) as refused:
        pages.people(root)
    assert refused.value.status == 403


def test_changes_are_said_in_a_sentence(pages: PeoplePages) -> None:
    root = viewer(pages, "root")
    assert pages.change_person(root, "asha", "lock", "1") == "asha is locked out."
    assert pages.change_person(root, "asha", "unlock", "2") == "asha may come in again."
    password = pages.change_person(root, "asha", "reset", "3").rpartition(" ")[2]
    assert pages.sign_in("asha", password, "10.0.0.1")
    assert "has left" in pages.change_person(root, "asha", "leave", "4")
    for name, change, status in (("asha", "fly", 422), ("nobody", "lock", 404)):
        with pytest.raises(Refused) as refused:
            pages.change_person(root, name, change, "5")
        assert refused.value.status == status


def test_who_is_added_again_under_the_name_of_a_leaver_is_told_from_them(
    pages: PeoplePages,
) -> None:
    root = viewer(pages, "root")
    pages.change_person(root, "asha", "leave", "1")
    assert {line.told_apart for line in pages.people(root)} == {""}
    pages.add_person(root, {**FORM, "name": "Asha"}, "2")
    lines = {(line.name, line.state): line.told_apart for line in pages.people(root)}
    assert lines["root", "active"] == ""
    assert lines["asha", "left"].startswith("An earlier entry, added ")
    assert lines["Asha", "active"].startswith("Added ")


def test_a_demo_shows_its_log_ins_to_newcomers_only(house: House) -> None:
    showcase = Showcase(words="Nobody here is real.", log_ins=(("asha", "secret", "Officer"),))
    pages = PeoplePages(house.people, house.changes, showcase)
    start = pages.start(None)
    assert (start.demo, start.demo_words) == (True, "Nobody here is real.")
    assert start.log_ins == showcase.log_ins
    assert pages.start(viewer(pages, "asha")).log_ins == ()
    assert not PeoplePages(house.people, house.changes).start(None).demo


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SERVICE])
def test_each_role_begins_where_it_may_go(role: Role) -> None:
    steps = steps_for(role)
    assert steps
    assert len({link for link, _, _ in steps}) == len(steps)
    for link, title, why in steps:
        needed = ROUTES["GET", link]
        assert role in ROLES[needed], link
        assert title
        assert why.endswith(".")


def test_a_newcomer_is_told_where_to_log_in() -> None:
    assert steps_for(None) == WITHOUT_NAME
    for link, _, _ in WITHOUT_NAME:
        path, _, after = link.partition("?after=")
        assert ROUTES["GET", path] is Permission.PUBLIC
        assert not after or ("GET", after) in ROUTES


def test_every_step_is_a_page() -> None:
    assert {("GET", link) for link, _, _ in STEPS.values()} <= set(ROUTES)


def test_who_typed_too_many_wrong_passwords_is_seen_and_let_in_again(pages: PeoplePages) -> None:
    root = viewer(pages, "root")
    for _ in range(5):
        with pytest.raises(Refused):
            pages.sign_in("asha", "a wrong password", "10.0.0.9")
    assert {p.name: p.state for p in pages.people(root)} == {"asha": "waiting", "root": "active"}
    pages.change_person(root, "asha", "unlock", "k-1")
    assert {p.state for p in pages.people(root)} == {"active"}
    assert viewer(pages, "asha").name == "asha"
