"""What can be wrong with an installation before it answers anybody. Commands say these, no route.

ServiceError
  DatabaseLost
  KeysLost
  KeysOlder
  NothingLost
  UnknownKey
  OtherLedger
  GuardsMissing
  TooPowerful
  NotPermitted
  BackupFailed
  BackupRefused
  BackupBesideKeys
  LaterEntriesLost
  ProgramMissing
  DatabaseInUse
  LenderUnreadable
"""

from dataclasses import dataclass

from decision_service.errors import ServiceError


@dataclass(eq=False)
class DatabaseLost(ServiceError):
    """The keys of a ledger are in {keys}, and the database they belong to is not there or is empty: put a backup in its place with 'countermand db restore FILE', or, if this database is new and shall be filled, run 'countermand db upgrade'."""

    keys: str


@dataclass(eq=False)
class KeysLost(ServiceError):
    """The ledger {log} is there, and of its keys in {keys} these are not: {missing}. Bring them back from their copy; where there is none, 'countermand key replace --help' says what can be done and what is lost."""

    log: str
    keys: str
    missing: tuple[str, ...]


@dataclass(eq=False)
class KeysOlder(ServiceError):
    """The key-encryption keys in {keys} end at epoch {newest}, and the database has data keys of epoch {needed}: they were put back from an older copy. Bring the newest one back; where there is none, 'countermand key replace --help' says what can be done and what is lost."""

    keys: str
    newest: int
    needed: int


@dataclass(eq=False)
class NothingLost(ServiceError):
    """{what} is there and opens everything: nothing is lost. 'countermand key rotate' replaces a key-encryption key that is not."""

    what: str


@dataclass(eq=False)
class UnknownKey(ServiceError):
    """There is no key {public_id} that opens anything: 'countermand key list' shows every one."""

    public_id: str


@dataclass(eq=False)
class OtherLedger(ServiceError):
    """The database holds the ledger {held}, and the keys in {keys} are those of {log}: one of the two belongs to another installation."""

    held: str
    keys: str
    log: str


@dataclass(eq=False)
class GuardsMissing(ServiceError):
    """The database lacks guards that keep its ledger from being changed: {names}. Find out who took them away, then 'countermand db upgrade' puts them back."""

    names: tuple[str, ...]


@dataclass(eq=False)
class TooPowerful(ServiceError):
    """The service would log in to its database as {role}, who may change what was recorded: let it log in as {service}. 'countermand db roles --check' says more."""

    role: str
    service: str


@dataclass(eq=False)
class NotPermitted(ServiceError):
    """{role} may not do this in the database ({cause}): set COUNTERMAND_ADMIN_URL to the address of someone who may."""

    role: str
    cause: str


@dataclass(eq=False)
class BackupFailed(ServiceError):
    """No backup was made: {cause}."""

    cause: str


@dataclass(eq=False)
class BackupRefused(ServiceError):
    """{file} is not put back: {cause}."""

    file: str
    cause: str


@dataclass(eq=False)
class BackupBesideKeys(ServiceError):
    """{file} would lie among the keys in {keys}, which open what it holds: name a file elsewhere."""

    file: str
    keys: str


@dataclass(eq=False)
class LaterEntriesLost(ServiceError):
    """The ledger here has {known} entries, and {file} has the first {common} of them: {lost} would be gone. To put it back all the same, say --over-newer."""

    file: str
    known: int
    common: int
    lost: int


@dataclass(eq=False)
class ProgramMissing(ServiceError):
    """{program} is not installed here: install PostgreSQL's client programs of the server's version or a later one."""

    program: str


@dataclass(eq=False)
class DatabaseInUse(ServiceError):
    """The database {database} holds something already: make an empty one, name it in COUNTERMAND_DATABASE_URL, and put the backup there; what is here stays."""

    database: str


@dataclass(eq=False)
class LenderUnreadable(ServiceError):
    """What letters say of the lender cannot be read from {file}: {problem}."""

    file: str
    problem: str
