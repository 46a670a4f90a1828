#!/usr/bin/env python
"""Django's command line for the desk."""

import os
import sys

INTERRUPTED = 130  # exit code, as shells have it


def main() -> None:
    """Run the management command that the arguments name."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "icpportal.settings")
    from django.core.management import execute_from_command_line
    from django.db import Error

    try:
        execute_from_command_line(sys.argv)
    except Error as error:
        if "--traceback" in sys.argv:
            raise
        if _is_away(error):
            sys.exit(f"The database is not available: {str(error).partition(chr(10))[0]}")
        if not _lacks_migrations():
            raise
        sys.exit("The database lacks tables or columns of this release. Run manage.py migrate first.")
    except KeyboardInterrupt:
        if "--traceback" in sys.argv:
            raise
        print("Interrupted.", file=sys.stderr)
        sys.exit(INTERRUPTED)


def _is_away(error: BaseException) -> bool:
    """Whether the database is to blame and not the command, as for a broken constraint or a cursor that it closed.

    SQLite says of a wrong statement what it says of a file that is away.
    """
    from django.db import IntegrityError, InterfaceError

    from icpportal.errors import is_unavailable

    is_ours = isinstance(error, IntegrityError | InterfaceError)
    return is_unavailable(error) and not is_ours and getattr(error.__cause__, "sqlite_errorname", "") != "SQLITE_ERROR"


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
