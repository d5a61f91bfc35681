"""Where this installation keeps its things, and its limits. Nothing of a bank's wording is here."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULT_DATA = Path("countermand-data")
DATABASE_FILE = "countermand.sqlite3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One installation. Every limit carries its unit in its name."""

    data: Path = DEFAULT_DATA
    database_url: str = ""
    admin_url: str = ""  # of who makes and changes tables and roles, where that is somebody else
    log: str = ""  # name of a new log; empty: one that no other installation has
    secure_cookies: bool = False  # True where the service is reached over TLS
    score_deadline_s: float = 2.0
    score_rows_max: int = 64
    body_bytes_max: int = 256 * 1024
    batch_lines_max: int = 100_000
    rows_bytes_max: int = 4 * 1024 * 1024  # of a request of a scoring server's protocol
    rows_deadline_s: float = 10.0  # to score all rows of such a request
    model_hosts: str = ""  # where models may be asked over HTTP: host:port or host:port=network
    rotate_hours: float = 24.0  # how old the key above the data keys gets; 0: until an erasure

    @classmethod
    def read(cls, environ: Mapping[str, str], *, data: Path | str | None = None) -> "Settings":
        """Settings from the environment; an explicit ``data`` directory wins.

        Reads ``COUNTERMAND_DATA``, ``COUNTERMAND_DATABASE_URL``, ``COUNTERMAND_ADMIN_URL``,
        ``COUNTERMAND_LOG``, ``COUNTERMAND_MODEL_HOSTS`` and ``COUNTERMAND_ROTATE_HOURS``.
        """
        chosen = data if data is not None else environ.get("COUNTERMAND_DATA", DEFAULT_DATA)
        hours = environ.get("COUNTERMAND_ROTATE_HOURS", "")
        return cls(
            data=Path(chosen),
            database_url=environ.get("COUNTERMAND_DATABASE_URL", ""),
            admin_url=environ.get("COUNTERMAND_ADMIN_URL", ""),
            log=environ.get("COUNTERMAND_LOG", ""),
            model_hosts=environ.get("COUNTERMAND_MODEL_HOSTS", ""),
            rotate_hours=float(hours) if hours.isascii() and hours.isdecimal() else 24.0,
        )

    @property
    def url(self) -> str:
        """SQLAlchemy address of the database: the embedded file unless another was named."""
        return self.database_url or f"sqlite:///{self.data / DATABASE_FILE}"

    @property
    def owner_url(self) -> str:
        """Address for making and changing tables; the embedded file has one for everything."""
        return self.url if self.embedded else self.admin_url or self.url

    @property
    def embedded(self) -> bool:
        """Whether the database is the file in the data directory."""
        return self.url.startswith("sqlite")

    @property
    def database_file(self) -> Path:
        """The embedded database's file."""
        assert self.embedded, "a database server has no file of ours"
        return Path(self.url.partition(":///")[2])

    @property
    def keys(self) -> Path:
        """Folder of the keys, outside the database."""
        return self.data / "keys"

    @property
    def signer(self) -> Path:
        """Folder of what the signer remembers; never part of a backup."""
        return self.data / "signer"

    @property
    def witness(self) -> Path:
        """Folder of what this installation saw as a witness of others; never part of a backup."""
        return self.data / "witness"

    @property
    def cosigners(self) -> Path:
        """Folder of who witnesses this ledger, and of what they signed."""
        return self.data / "cosigners"

    @property
    def retention(self) -> Path:
        """File of the lender's own retention schedule; where there is none the default holds."""
        return self.data / "retention.json"

    @property
    def calendar(self) -> Path:
        """File of the branches' working time; where there is none every hour counts."""
        return self.data / "calendar.json"

    @property
    def lender(self) -> Path:
        """File of what letters say of the lender: name, address, agency, whom to turn to."""
        return self.data / "lender.json"

    @property
    def publishers(self) -> Path:
        """File of the publishers whose bundles are taken; where there is none, anybody's are."""
        return self.data / "publishers.pub"

    @property
    def bundles(self) -> Path:
        """Folder of the registered models."""
        return self.data / "bundles"

    @property
    def feedback(self) -> Path:
        """Folder of the feedback sets that pages export."""
        return self.data / "feedback"
