"""What went wrong, as one sentence that says what to do next."""

DATABASE_LAYERS = frozenset({"sqlalchemy", "sqlite3", "psycopg", "alembic"})
OWN_PACKAGES = frozenset({"countermand", "decision_service", "explain", "overrides", "ui"})
DISK_FULL = ("disk is full", "No space left")
TRACE_ADVICE = "set COUNTERMAND_TRACE=1 and run it again to see where"


def sentence(failure: Exception) -> str:
    """An error of any kind in words; errors of the product already are."""
    from decision_service.errors import ServiceError
    from explain.errors import ExplainError
    from overrides.errors import OverridesError

    if isinstance(failure, ServiceError | ExplainError | OverridesError):
        return " ".join(str(failure).split())
    if isinstance(failure, OSError):
        return _of_a_file(failure)
    if type(failure).__module__.partition(".")[0] in DATABASE_LAYERS:
        return _of_the_database(failure)
    if isinstance(failure, ModuleNotFoundError) and not _is_own(failure.name):
        return f"{failure.name} is not installed: install countermand[full]"
    cause = " ".join(str(failure).split())
    return f"something unexpected happened ({type(failure).__name__}: {cause}); {TRACE_ADVICE}"


def _is_own(module: str | None) -> bool:
    """Whether a module is part of the product, so that installing more would not bring it."""
    return (module or "").partition(".")[0] in {"", *OWN_PACKAGES}


def _of_a_file(failure: OSError) -> str:
    """A file or an address that cannot be used."""
    name = f"{failure.filename}: " if failure.filename else ""
    cause = (failure.strerror or str(failure) or type(failure).__name__).lower()
    if isinstance(failure, FileNotFoundError):
        return f"{name}there is no such file or directory"
    if isinstance(failure, PermissionError):
        return f"{name}this user may not read or write it"
    return f"{name}{cause}"


def _of_the_database(failure: Exception) -> str:
    """A database that does not do what it should."""
    cause = str(getattr(failure, "orig", None) or failure).strip().splitlines()
    first = cause[0] if cause else type(failure).__name__
    if any(sign in first for sign in DISK_FULL):
        return f"the disk is full ({first}): make room and run it again; nothing is half-written"
    if "database is locked" in first:
        return "another program is writing to the database just now: wait a little, run it again"
    return f"the database cannot be used ({first}): see that it is there and can be reached"
