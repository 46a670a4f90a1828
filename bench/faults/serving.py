"""A gunicorn that can be killed and started again on the same port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen


class Gunicorn:
    """The desk under gunicorn, two workers of four threads."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [sys.executable, "-m", "gunicorn", "icpportal.wsgi:application", "--workers", "2", "--threads", "4"]
        command += ["--no-control-socket", "--keep-alive", "30", "--log-level", "critical"]
        self._process = subprocess.Popen([*command, "--bind", f"127.0.0.1:{self.port}"])
        for _ in range(300):
            try:
                urlopen(f"http://127.0.0.1:{self.port}/api/v1/health/live/", timeout=5).close()
                return
            except HTTPError:
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit("gunicorn did not start")

    def workers(self) -> list[int]:
        """The workers' process ids."""
        path = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return [int(pid) for pid in path.read_text().split()]

    def kill(self) -> None:
        """SIGKILL to all of it."""
        workers = self.workers()
        self._process.kill()
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        self._process.wait()

    def terminate(self) -> None:
        """SIGTERM, and wait for what is running to end."""
        self._process.terminate()
        self._process.wait(timeout=60)
