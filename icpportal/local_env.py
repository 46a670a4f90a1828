"""`python -m icpportal.local_env`: makes var/env with this machine's own secrets, once; says what to export.

The output is for `eval` in a shell and holds what the caller's environment does not set already. Without
these keys the codes in var/db.sqlite3 cannot be read: keep the file with the database.
"""

import base64
import os
import secrets
import shlex
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "var" / "env"


def make(file: Path) -> None:
    """Write new secrets to file, readable by its owner only; an existing file stays as it is."""
    file.parent.mkdir(exist_ok=True)
    code_key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w") as out:
        out.write(f"SECRET_KEY={secrets.token_urlsafe(50)}\nCODE_KEYS={code_key}\n")


def exports(file: Path) -> str:
    """Shell lines that export what file names and the environment lacks."""
    pairs = (line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in pairs if not os.environ.get(name))


if __name__ == "__main__":
    make(FILE)
    print(exports(FILE))
