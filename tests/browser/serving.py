"""The desk as in production, in a process of its own, over a SQLite file that every test finds as it was."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, kw_only=True)
class World:
    """What tests/browser/world.py made and said."""

    database: Path
    sessions: dict[str, str]
    token: str
    request: str
    paths: dict[str, str]
    secrets: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A running desk; its address has no slash in the end."""

    address: str
    world: World
    database: Path

    def reset(self) -> None:
        """Puts the database back as the world was made; the server goes on and notices nothing."""
        with closing(sqlite3.connect(self.world.database)) as made, closing(sqlite3.connect(self.database)) as target:
            made.backup(target)


@contextmanager
def served(world: World, folder: Path) -> Iterator[Desk]:
    """Serves a copy of the world, kept below folder; static files by WhiteNoise; on a free port of 127.0.0.1."""
    database, log = folder / "desk.sqlite3", folder / "desk.log"
    shutil.copy(world.database, database)
    with log.open("w") as out, socket.create_server(("127.0.0.1", 0)) as listening:
        port, handle = listening.getsockname()[1], listening.fileno()  # who connects early waits in its queue
        command = [sys.executable, "-m", "gunicorn", "icpportal.wsgi:application", "--workers", "1"]
        command += ["--bind", f"fd://{handle}"]
        env = _environment(database, world.secrets)
        server = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out, pass_fds=[handle])
        try:
            yield Desk(address=f"http://127.0.0.1:{port}", world=world, database=database)
        finally:
            server.terminate()
            server.wait(20)


def the_world(folder: Path) -> World:
    """Made once below folder, whoever of the test processes comes first."""
    database, made = folder / "world.sqlite3", folder / "world.json"
    with (folder / "world.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            keys = {
                "SECRET_KEY": secrets.token_urlsafe(50),
                "CODE_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            }
            command = [sys.executable, "-m", "tests.browser.world"]
            output = subprocess.check_output(command, cwd=ROOT, env=_environment(database, keys))
            made.write_text(json.dumps(json.loads(output) | {"secrets": keys}))
        return World(database=database, **json.loads(made.read_text()))


def _environment(database: Path, keys: dict[str, str]) -> dict[str, str]:
    """Settings by the environment alone, as a deployment has them, but for TLS."""
    return {
        **keys,
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "icpportal.settings",
        "DATABASE_URL": f"sqlite:///{database}",
        "ALLOWED_HOSTS": "127.0.0.1",
        "SECURE_SSL_REDIRECT": "0",
        "DEMO": "1",
    }
