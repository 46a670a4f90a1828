"""manage.py rehearse_restore: can the database be brought back from its dump, and is all there then?"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

FAILS, NOT_RESTORED = 1, 2  # exit codes


class Command(BaseCommand):
    """Exit code 0 when the copy is whole, 1 when a check fails on it, 2 when it cannot be dumped or restored."""

    help = (
        "Dump this database, restore the dump beside it, and ask the copy: check_invariants with every code unsealed, "
        "verify_audit. PostgreSQL: the user has to be allowed to create a database. The original is only read."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--dump", metavar="FILE", help="restore this dump, as it was made, instead of a new one")
        parser.add_argument("--check-head", metavar="FILE", help="a signed head that the copy must contain")
        parser.add_argument("--programs", metavar="FOLDER", help="where pg_dump and the others are, if not on the PATH")

    def handle(self, *args: Any, **options: Any) -> None:
        """Dump, restore, ask, clear away."""
        self.programs = Path(options["programs"]) if options["programs"] else None
        head = ["--check-head", str(Path(options["check_head"]).resolve())] if options["check_head"] else []
        copied = self._postgresql if connection.vendor == "postgresql" else self._sqlite
        with tempfile.TemporaryDirectory() as folder, copied(Path(folder), options["dump"]) as address:
            results = [
                self._ask(address, "check_invariants", "--unseal"),
                self._ask(address, "verify_audit", *head),
            ]
        if not all(results):
            sys.exit(FAILS)
        self.stdout.write("The dump restores whole.")

    @contextmanager
    def _sqlite(self, folder: Path, dump: str | None) -> Iterator[str]:
        copy = folder / "copy.sqlite3"
        started = perf_counter()
        try:
            if dump:
                shutil.copyfile(dump, copy)
            else:
                original = f"file:{quote(str(connection.settings_dict['NAME']))}?mode=ro"
                with closing(sqlite3.connect(original, uri=True)) as source, closing(sqlite3.connect(copy)) as target:
                    source.backup(target)
        except (OSError, sqlite3.Error) as error:
            raise CommandError(f"The database cannot be copied: {error}", returncode=NOT_RESTORED) from error
        self._said("dumped and restored", started)
        yield f"sqlite:///{copy}"

    @contextmanager
    def _postgresql(self, folder: Path, dump: str | None) -> Iterator[str]:
        name = str(connection.settings_dict["NAME"])
        copy = f"{name}_rehearsal"
        if not dump:
            dump = str(folder / "dump")
            self._run("dumped", ["pg_dump", "--format=custom", f"--file={dump}", name])
        drop = ["dropdb", "--if-exists", "--force", copy]
        self._run("", drop)
        self._run("", ["createdb", "--template=template0", copy])
        try:
            restore = ["pg_restore", "--no-owner", "--no-acl", "--exit-on-error", f"--dbname={copy}", dump]
            self._run("restored", restore)
            yield urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{copy}").geturl()
        finally:
            self._run("", drop)

    def _run(self, done: str, command: Sequence[str]) -> None:
        program = str(self.programs / command[0]) if self.programs else command[0]
        started = perf_counter()
        try:
            subprocess.run(
                [program, *command[1:]], env=os.environ | _login(), check=True, capture_output=True, text=True
            )
        except FileNotFoundError as error:
            raise CommandError(f"{program} is missing: give --programs.", returncode=NOT_RESTORED) from error
        except subprocess.CalledProcessError as error:
            raise CommandError(f"{command[0]}: {error.stderr.strip()}", returncode=NOT_RESTORED) from error
        if done:
            self._said(done, started)

    def _ask(self, address: str, *command: str) -> bool:
        """Whether the copy passes, asked as a desk would be started on it."""
        self.stdout.write(f"{command[0]}:")
        self.stdout.flush()
        manage = [sys.executable, str(settings.BASE_DIR / "manage.py"), *command]
        asked = subprocess.run(manage, env=os.environ | {"DATABASE_URL": address}, capture_output=True, text=True)
        self.stdout.write(asked.stdout + asked.stderr)
        return asked.returncode == 0

    def _said(self, what: str, started: float) -> None:
        self.stdout.write(f"{what} in {perf_counter() - started:.1f} s")


def _login() -> dict[str, str]:
    """How PostgreSQL's programs reach the server of DATABASE_URL; a password stands in no list of processes."""
    known = connection.settings_dict
    login = {"PGHOST": known["HOST"], "PGPORT": known["PORT"], "PGUSER": known["USER"], "PGPASSWORD": known["PASSWORD"]}
    login["PGSSLMODE"] = known["OPTIONS"].get("sslmode", "")
    return {name: str(value) for name, value in login.items() if value}
