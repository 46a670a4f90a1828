"""A PostgreSQL that can be killed, started again, and put on a small disk."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests import with_pg

SMALL_DISK = 400  # MiB


class Postgres:
    """The server of one run. `url` is its DATABASE_URL; `disk` where its data lies."""

    def __init__(self, folder: Path) -> None:
        self._as_whom: dict[str, Any] = {"cwd": folder, "start_new_session": True}
        if os.geteuid() == 0:
            self._as_whom |= {"user": "nobody", "extra_groups": []}
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self._folder, self.disk = folder, folder / "data"
        self._programs = with_pg.binaries(folder, self._as_whom)
        make = [self._programs / "initdb", "-D", self.disk, "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL, **self._as_whom)
        self.url = f"postgres://postgres@127.0.0.1:{self._port}/postgres"
        self.start()

    def start(self) -> None:
        """Start it, also after a crash; until the last children of a killed one are gone it will not."""
        for _ in range(50):
            try:
                self._process = with_pg.launch(
                    self._folder, self._programs, self._as_whom, port=self._port, tcp=True, fsync=True
                )
                return
            except SystemExit:
                time.sleep(0.2)
        raise SystemExit("PostgreSQL did not start again")

    def kill(self) -> None:
        """SIGKILL, as from a lack of memory."""
        self._process.kill()
        self._process.wait()

    @property
    def is_dead(self) -> bool:
        """Whether it ended by itself."""
        return self._process.poll() is not None

    def stop(self) -> None:
        """Shut it down."""
        if not self.is_dead:
            with_pg.stop(self._process)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """One below a new folder, its data on a small disk of its own where that can be had (as root, on Linux)."""
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    data = folder / "data"
    data.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}m,mode=0700", "tmpfs", str(data)]
    has_disk = os.geteuid() == 0 and subprocess.run(mount, capture_output=True).returncode == 0
    server = None
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody")
            shutil.chown(data, "nobody")
        server = Postgres(folder)
        yield server
    finally:
        if server:
            server.stop()
        if has_disk:
            subprocess.run(["umount", "--lazy", str(data)], check=False)
        shutil.rmtree(folder, ignore_errors=True)
