#!/usr/bin/env python
"""Django's command line for the desk."""

import os
import sys


def main() -> None:
    """Run the management command that the arguments name."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "icpportal.settings")
    from django.core.management import execute_from_command_line
    from django.db import DatabaseError

    try:
        execute_from_command_line(sys.argv)
    except DatabaseError:
        if not _lacks_migrations():
            raise
        sys.exit("The database lacks tables or columns of this release. Run manage.py migrate first.")


def _lacks_migrations() -> bool:
    """Whether migrate would do anything; no when the database does not answer."""
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        executor = MigrationExecutor(connection)
        return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError:
        return False


if __name__ == "__main__":
    main()
