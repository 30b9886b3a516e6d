"""`manage.py prepare`: the database made ready for this version, and the demo desk in it."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor


class Command(BaseCommand):
    """What `make run` calls before it starts the processes."""

    help = "Migrate and seed the demo desk."

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate and seed."""
        try:
            migrate()
        except OperationalError as e:
            raise CommandError(f"PostgreSQL does not let the desk in: {e}") from e
        call_command("seed_demo", stdout=self.stdout)


def migrate() -> None:
    """Apply what is missing; refuse a database that a newer version has migrated."""
    executor = MigrationExecutor(connection)
    newer = sorted(set(executor.loader.applied_migrations) - set(executor.loader.disk_migrations or {}))
    if newer:
        names = ", ".join(f"{app} {name}" for app, name in newer)
        raise CommandError(
            f"The database was migrated by a newer version of the desk ({names}). Start that version, or use another "
            "database: VAR_DIR=... or DATABASE_URL=..."
        )
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)
