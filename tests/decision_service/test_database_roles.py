"""On PostgreSQL the service adds and keeps, and can neither change an entry nor remove a guard."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, ProgrammingError

from decision_service import database_wiring, wiring
from decision_service.database_roles import Finding, Kind, Roles
from decision_service.installation_errors import NotPermitted, TooPowerful
from decision_service.settings import Settings
from decision_service.stores import schema
from overrides.checks import check_journal
from overrides.signing import sign_checkpoint
from overrides.stores.engine import open_engine, reading, writing
from tests.ledgers import ledger_at

pytestmark = pytest.mark.postgres

ROLES = Roles("countermand_test")
SERVICE, MIGRATOR, OWNER, SIGNER = ROLES.service, ROLES.migrator, ROLES.owner, ROLES.signer


@dataclass(frozen=True)
class Server:
    """A database on a server, and everybody's address of it."""

    url: str
    data: Path

    def as_(self, role: str) -> str:
        """The address of one role."""
        return make_url(self.url).set(username=role).render_as_string(hide_password=False)

    def settings(self, role: str = "", *, admin: str = "") -> Settings:
        """An installation that logs in as this role, its tables made by another."""
        return Settings(
            data=self.data,
            database_url=self.as_(role) if role else self.url,
            admin_url=self.as_(admin) if admin else "",
        )

    def run(self, *statements: str, role: str = "") -> None:
        """Carry statements out, as a superuser unless a role is named."""
        engine = open_engine(self.as_(role) if role else self.url)
        try:
            with writing(engine) as connection:
                for statement in statements:
                    connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
        finally:
            engine.dispose()

    def found(self) -> list[Finding]:
        """What is not as it should be."""
        return database_wiring.check_roles(self.settings(), ROLES)


@pytest.fixture
def server(new_postgres: Callable[[], str], tmp_path: Path) -> Server:
    """A database in which roles and tables were made, and a ledger opened by the service."""
    made = Server(new_postgres(), tmp_path / "data")
    assert database_wiring.set_up_roles(made.settings(), ROLES, {}) == []
    wiring.build(made.settings(SERVICE), serving=False).close()
    return made


@pytest.fixture(scope="module")
def shared(new_postgres: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Server:
    """The same, for tests that change nothing."""
    made = Server(new_postgres(), tmp_path_factory.mktemp("roles") / "data")
    assert database_wiring.set_up_roles(made.settings(), ROLES, {}) == []
    wiring.build(made.settings(SERVICE), serving=False).close()
    return made


def test_making_the_roles_again_changes_nothing(server: Server) -> None:
    for _ in range(2):
        assert database_wiring.set_up_roles(server.settings(), ROLES, {}) == []
        assert server.found() == []


def test_roles_for_a_database_that_has_tables_already_take_them_over(
    new_postgres: Callable[[], str], tmp_path: Path
) -> None:
    server = Server(new_postgres(), tmp_path / "data")
    wiring.build(server.settings(), serving=False).close()
    before = server.found()
    assert Finding(Kind.TOO_MUCH, f"ledger_event belongs to postgres, not to {OWNER}") in before
    assert database_wiring.set_up_roles(server.settings(), ROLES, {}) == []
    wiring.build(server.settings(SERVICE), serving=True).close()


REFUSED = {
    "UPDATE": "UPDATE ledger_event SET actor_ref = 'x'",
    "UPDATE of a checkpoint": "UPDATE ledger_checkpoint SET note = ''",
    "DELETE": "DELETE FROM ledger_event",
    "DELETE of a subtree": "DELETE FROM ledger_subtree",
    "DELETE of the head": "DELETE FROM ledger_head",
    "DELETE of what an erasure took": "DELETE FROM erased_slot",
    "UPDATE of a personal part": "UPDATE ledger_payload SET nonce = nonce",
    "UPSERT": "INSERT INTO ledger_checkpoint VALUES ('x', 1, 'x', 'x')"
    " ON CONFLICT (log, size, signed_at) DO UPDATE SET note = ''",
    "TRUNCATE": "TRUNCATE ledger_event",
    "TRUNCATE of what it may delete": "TRUNCATE ledger_payload",
    "DISABLE TRIGGER": "ALTER TABLE ledger_event DISABLE TRIGGER ledger_event_append_only",
    "DISABLE TRIGGER ALL": "ALTER TABLE ledger_event DISABLE TRIGGER ALL",
    "DROP TRIGGER": "DROP TRIGGER ledger_event_append_only ON ledger_event",
    "CREATE TRIGGER": "CREATE TRIGGER x BEFORE INSERT ON ledger_event FOR EACH ROW"
    " EXECUTE FUNCTION countermand_append_only()",
    "DROP CONSTRAINT": "ALTER TABLE ledger_event DROP CONSTRAINT ledger_event_hash",
    "another function in the guard's place": "CREATE OR REPLACE FUNCTION countermand_append_only()"
    " RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
    "DROP FUNCTION": "DROP FUNCTION countermand_append_only CASCADE",
    "CREATE RULE": "CREATE RULE x AS ON INSERT TO ledger_event DO INSTEAD NOTHING",
    "session_replication_role": "SET session_replication_role = replica",
    "DROP TABLE": "DROP TABLE ledger_event",
    "RENAME": "ALTER TABLE ledger_event RENAME TO other",
    "CREATE TABLE": "CREATE TABLE other (x int)",
    "CREATE TEMP TABLE of the same name": "CREATE TEMP TABLE ledger_event (x int)",
    "CREATE SCHEMA": "CREATE SCHEMA other",
    "SET ROLE": f"SET ROLE {OWNER}",
    "SET SESSION AUTHORIZATION": "SET SESSION AUTHORIZATION postgres",
    "ALTER OWNER": f"ALTER TABLE ledger_event OWNER TO {SERVICE}",
    "ALTER ROLE": f"ALTER ROLE {SERVICE} SUPERUSER",
    "COPY to a program": "COPY ledger_event TO PROGRAM 'cat'",
    "change of the steps": "UPDATE alembic_version SET version_num = '0001'",
}


@pytest.mark.parametrize("statement", REFUSED.values(), ids=REFUSED.keys())
def test_whoever_serves_is_refused(shared: Server, statement: str) -> None:
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner|ermission"):
        shared.run(statement, role=SERVICE)
    assert shared.found() == []


@pytest.mark.parametrize("statement", REFUSED.values(), ids=REFUSED.keys())
def test_a_superuser_is_not_refused_for_want_of_rights(shared: Server, statement: str) -> None:
    """What is refused above is refused for the right reason."""
    engine = open_engine(shared.url)
    said = ""
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
            connection.rollback()
    except DBAPIError as stopped:
        said = str(stopped.orig)
    engine.dispose()
    assert "syntax" not in said
    assert "does not exist" not in said
    assert "permission" not in said


@pytest.mark.parametrize("grouped", [False, True])
def test_whoever_serves_can_do_all_that_a_journal_does(
    new_postgres: Callable[[], str], tmp_path: Path, *, grouped: bool
) -> None:
    server = Server(new_postgres(), tmp_path)
    database_wiring.set_up_roles(server.settings(), ROLES, {})
    server.run("CREATE TABLE seen (seq int PRIMARY KEY, type text, slots text)")
    server.run(f"GRANT ALL ON seen TO {SERVICE}")
    with ledger_at(server.as_(SERVICE), tmp_path / "keys", grouped=grouped) as ledger:
        check_journal(ledger.open)
        assert sign_checkpoint(ledger.book, ledger.signer, ledger.clock) is not None
        with writing(ledger.engine) as connection:
            for statement in (
                "INSERT INTO erased_slot SELECT 'e', seq, event_id, slot FROM ledger_payload",
                "DELETE FROM ledger_payload",
                "UPDATE data_key SET wrapped = wrapped",
                "DELETE FROM data_key",
            ):
                assert connection.exec_driver_sql(statement).rowcount


def test_whoever_signs_reads_entries_and_adds_checkpoints(shared: Server) -> None:
    shared.run(
        "SELECT * FROM ledger_event, ledger_subtree, ledger_head",
        "INSERT INTO ledger_checkpoint VALUES ('x', 1, 'now', 'note')",
        role=SIGNER,
    )
    for statement in (
        "SELECT * FROM ledger_payload",
        "SELECT * FROM data_key",
        "SELECT * FROM credential",
        "INSERT INTO ledger_event SELECT * FROM ledger_event",
        "UPDATE ledger_head SET epoch = 7",
    ):
        with pytest.raises(ProgrammingError, match="permission denied"):
            shared.run(statement, role=SIGNER)


def test_whoever_migrates_has_no_rights_before_becoming_the_owner(shared: Server) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        shared.run("SELECT * FROM ledger_event", role=MIGRATOR)
    shared.run(f"SET ROLE {OWNER}", "SELECT * FROM ledger_event", role=MIGRATOR)


STEPS = schema.steps()[:-1]


@pytest.mark.parametrize("step", STEPS)
def test_an_upgrade_by_the_migrator_leaves_tables_rights_and_guards_whole(
    new_postgres: Callable[[], str], tmp_path: Path, step: str
) -> None:
    server = Server(new_postgres(), tmp_path)
    engine = open_engine(server.url)
    schema.upgrade(engine, to=step)
    engine.dispose()
    database_wiring.set_up_roles(server.settings(), ROLES, {})
    before, after = database_wiring.upgrade_database(server.settings(SERVICE, admin=MIGRATOR))
    assert (before, after) == (step, schema.NEWEST)
    assert server.found() == []
    wiring.build(server.settings(SERVICE), serving=True).close()


def test_whoever_serves_cannot_upgrade_and_is_told_who_can(
    new_postgres: Callable[[], str], tmp_path: Path
) -> None:
    server = Server(new_postgres(), tmp_path)
    engine = open_engine(server.url)
    schema.upgrade(engine, to=STEPS[0])
    engine.dispose()
    database_wiring.set_up_roles(server.settings(), ROLES, {})
    with pytest.raises(NotPermitted, match="COUNTERMAND_ADMIN_URL"):
        database_wiring.upgrade_database(server.settings(SERVICE))


def test_whoever_may_not_make_roles_is_told_who_may(shared: Server) -> None:
    with pytest.raises(NotPermitted, match="COUNTERMAND_ADMIN_URL"):
        database_wiring.set_up_roles(shared.settings(SERVICE), ROLES, {})


def test_an_empty_database_is_not_filled_by_whoever_serves(
    new_postgres: Callable[[], str], shared: Server, tmp_path: Path
) -> None:
    assert shared.found() == []  # the roles are there, though not for this database
    server = Server(new_postgres(), tmp_path / "data")
    with pytest.raises(NotPermitted, match="COUNTERMAND_ADMIN_URL"):
        wiring.build(server.settings(SERVICE), serving=False)


def test_whoever_may_create_roles_need_not_be_a_superuser(
    new_postgres: Callable[[], str], tmp_path: Path
) -> None:
    admin, roles = "countermand_admin", Roles("countermand_hosted")
    server = Server(new_postgres(), tmp_path)
    database = make_url(server.url).database
    server.run(
        f"CREATE ROLE {admin} LOGIN CREATEROLE", f"ALTER DATABASE {database} OWNER TO {admin}"
    )
    assert database_wiring.set_up_roles(server.settings(admin), roles, {}) == []
    assert database_wiring.set_up_roles(server.settings(admin), roles, {}) == []
    wiring.build(server.settings(roles.service), serving=True).close()


def test_passwords_are_kept_as_verifiers(server: Server) -> None:
    word = "a long password of the service"
    database_wiring.set_up_roles(server.settings(), ROLES, {SERVICE: word})
    engine = open_engine(server.url)
    with reading(engine) as connection:
        kept = connection.exec_driver_sql(
            "SELECT rolpassword FROM pg_authid WHERE rolname = %s", (SERVICE,)
        ).scalar_one()
    engine.dispose()
    assert kept.startswith("SCRAM-SHA-256$")
    assert word not in kept
    assert make_url(server.url).password != word


def test_a_service_that_logs_in_as_its_own_role_starts(shared: Server) -> None:
    wiring.build(shared.settings(SERVICE), serving=True).close()


@pytest.mark.parametrize("role", ["", MIGRATOR])
def test_once_there_are_roles_nobody_more_powerful_serves(shared: Server, role: str) -> None:
    with pytest.raises(TooPowerful) as refused:
        wiring.build(shared.settings(role), serving=True)
    assert refused.value.service == SERVICE


DEVIATIONS = {
    f"REVOKE INSERT ON ledger_event FROM {SERVICE}": (
        Kind.MISSING,
        f"{SERVICE} may not INSERT ledger_event",
    ),
    f"GRANT UPDATE ON ledger_event TO {SERVICE}": (
        Kind.TOO_MUCH,
        f"{SERVICE} may UPDATE ledger_event",
    ),
    f"GRANT UPDATE (note) ON ledger_checkpoint TO {SERVICE}": (
        Kind.TOO_MUCH,
        f"{SERVICE} may UPDATE columns of ledger_checkpoint",
    ),
    f"GRANT TRUNCATE ON ledger_payload TO {SERVICE}": (
        Kind.TOO_MUCH,
        f"{SERVICE} may TRUNCATE ledger_payload",
    ),
    f"GRANT TRIGGER ON ledger_event TO {SERVICE}": (
        Kind.TOO_MUCH,
        f"{SERVICE} may TRIGGER ledger_event",
    ),
    f"GRANT SELECT ON credential TO {SIGNER}": (
        Kind.TOO_MUCH,
        f"{SIGNER} may SELECT credential",
    ),
    "GRANT SELECT ON data_key TO PUBLIC": (Kind.TOO_MUCH, "PUBLIC may SELECT data_key"),
    "CREATE ROLE countermand_stranger; GRANT INSERT ON ledger_event TO countermand_stranger": (
        Kind.TOO_MUCH,
        "countermand_stranger may INSERT ledger_event",
    ),
    f"GRANT {OWNER} TO {SERVICE}": (Kind.TOO_MUCH, f"{SERVICE} is a member of {OWNER}"),
    f"CREATE ROLE countermand_friend; GRANT {OWNER} TO countermand_friend": (
        Kind.TOO_MUCH,
        f"countermand_friend can become {OWNER}",
    ),
    f"ALTER ROLE {OWNER} LOGIN": (Kind.TOO_MUCH, f"{OWNER} can log in"),
    f"ALTER ROLE {SERVICE} NOLOGIN": (Kind.MISSING, f"{SERVICE} cannot log in"),
    f"ALTER ROLE {SERVICE} SUPERUSER": (Kind.TOO_MUCH, f"{SERVICE} has SUPERUSER"),
    f"ALTER ROLE {MIGRATOR} CREATEROLE": (Kind.TOO_MUCH, f"{MIGRATOR} has CREATEROLE"),
    f"GRANT CREATE ON SCHEMA public TO {SERVICE}": (
        Kind.TOO_MUCH,
        f"{SERVICE} may create in the schema",
    ),
    f"GRANT SET ON PARAMETER session_replication_role TO {SERVICE}": (
        Kind.TOO_MUCH,
        f"{SERVICE} may set session_replication_role",
    ),
    f"REVOKE {OWNER} FROM {MIGRATOR}": (Kind.MISSING, f"{MIGRATOR} is not a member of {OWNER}"),
    "ALTER TABLE ledger_event OWNER TO postgres": (
        Kind.TOO_MUCH,
        f"ledger_event belongs to postgres, not to {OWNER}",
    ),
    "ALTER TABLE ledger_event DISABLE TRIGGER ledger_event_next": (
        Kind.MISSING,
        "the guard ledger_event_next is not there or not as it should be",
    ),
}
UNDO = (
    f"REVOKE SET ON PARAMETER session_replication_role FROM {SERVICE}",
    "DROP OWNED BY countermand_stranger",
    "DROP ROLE countermand_stranger",
    f"REVOKE {OWNER} FROM countermand_friend",
    "DROP ROLE countermand_friend",
    "ALTER TABLE ledger_event ENABLE ALWAYS TRIGGER ledger_event_next",
)


def test_whatever_is_missing_or_too_much_is_named_and_put_right(server: Server) -> None:
    """One test for all: roles belong to the whole server, and making them takes a while."""
    for statements, (kind, text) in DEVIATIONS.items():
        server.run(statements)
        assert Finding(kind, text) in server.found(), statements
    server.run(*UNDO)
    assert database_wiring.set_up_roles(server.settings(), ROLES, {}) == []
    assert server.found() == []
