"""Print the next migration: what the tables in the code have and the newest step does not.

For maintainers: ``python -m decision_service.stores.migrations.draft``. Read what it prints before
it becomes a step; what is already released is never edited.
"""

from typing import Any, Literal

from sqlalchemy import create_engine
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Texts of the mapper as plain ones, so that a step does not need the mapper."""
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String(length={item.length})" if item.length else "sa.String()"
    return False


def draft() -> tuple[str, str]:
    """Code of the way up and of the way down."""
    from alembic import command
    from alembic.autogenerate import produce_migrations, render_python_code
    from alembic.migration import MigrationContext

    from decision_service.stores.schema import STEPS, alembic_config

    with create_engine("sqlite://").begin() as connection:
        if any((STEPS / "versions").glob("step_*.py")):
            command.upgrade(alembic_config(connection), "head")
        context = MigrationContext.configure(connection, opts={"render_item": render_item})
        script = produce_migrations(context, SQLModel.metadata)
        assert script.upgrade_ops is not None
        assert script.downgrade_ops is not None
        up = render_python_code(script.upgrade_ops, render_item=render_item)
        return up, render_python_code(script.downgrade_ops, render_item=render_item)


if __name__ == "__main__":
    print("\n\n".join(draft()))  # noqa: T201
