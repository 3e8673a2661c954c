"""The schema, brought up to date. Alembic is loaded only when there is something to do."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from watchbill.executor.store.connect import NoStore, Store
from watchbill.executor.store.schema import HEAD

if TYPE_CHECKING:
    from alembic.config import Config


def bring_up_to_date(store: Store, *, create: bool = True) -> None:
    """Run the migrations that are missing, all or none. Raises NoStore for a schema newer than this software."""
    if not create and store.url.get_backend_name() == "sqlite" and not Path(store.url.database or "").exists():
        raise NoStore(f"{store.name} does not exist: `watchbill serve` makes it, or name another with --database")
    with store.read() as tx:
        found = version(tx.connection)
    if found == HEAD:
        return
    if found is None and not create:
        raise NoStore(f"{store.name} holds no executor's store")
    from alembic import command  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    with store.write("migration") as tx:  # several replicas may start at once
        found = version(tx.connection)
        if found == HEAD:
            return
        settings = config(tx.connection)
        known = {script.revision for script in ScriptDirectory.from_config(settings).walk_revisions()}
        if found is not None and found not in known:
            raise NoStore(f"{store.name} has schema {found}, and this watchbill knows {HEAD}: a newer one wrote it")
        command.upgrade(settings, "head")


def version(connection: Connection) -> str | None:
    """The schema's version; None for a database without one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def config(connection: Connection | None = None) -> "Config":
    """Alembic's settings; with a connection, its migrations run in the transaction that is open there."""
    from alembic.config import Config  # noqa: PLC0415

    made = Config()
    made.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    made.attributes["connection"] = connection
    return made
