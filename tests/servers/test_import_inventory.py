"""manage.py import_inventory: files in every shape, a summary, an exit code, never a traceback."""

import io
import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from codes.choices import Channel, EventType
from codes.models import CodeEvent
from servers.inventory import batches
from servers.management.commands import import_inventory
from servers.models import Account, Server
from tests.factories import make_account
from tests.servers.feeding import address, address_list, addresses, instance, instances, put
from tests.servers.sheets import table

pytestmark = pytest.mark.django_db


def run(*arguments: Any, account: str = "100012345678") -> str:
    out = io.StringIO()
    call_command("import_inventory", *map(str, arguments), "--account", account, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def refused(*arguments: Any, account: str = "100012345678") -> str:
    with pytest.raises(CommandError) as error:
        run(*arguments, account=account)
    assert error.value.returncode == 2
    return str(error.value)


TWO = [instances(instance(), total=2), instances(instance("ins-b", PublicIpAddresses=[]), total=2)]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(TWO),
        json.dumps(TWO, indent=2),
        "\n".join(json.dumps(response) for response in TWO),
        "\n\n".join(json.dumps(response) for response in TWO) + "\n\n",
        "\ufeff" + json.dumps(TWO),
        json.dumps(instances(instance(), instance("ins-b", PublicIpAddresses=[])), indent=1),
        "\r\n".join([json.dumps([TWO[0]]), json.dumps(TWO[1])]),
    ],
    ids=["list", "pretty list", "lines", "blank lines", "byte order mark", "one response", "lists in lines"],
)
def test_a_file_in_any_shape(account: Account, tmp_path: Path, text: str) -> None:
    file = tmp_path / "responses.json"
    file.write_text(text, encoding="utf-8")
    assert run(file) == "2 created, 0 updated, 0 unchanged, 0 rejected.\n"
    assert run(file) == "0 created, 0 updated, 2 unchanged, 0 rejected.\n"


def test_several_files_are_one_import(account: Account, tmp_path: Path) -> None:
    first, second = tmp_path / "a.json", tmp_path / "b.json"
    first.write_text(json.dumps(instances(instance(PublicIpAddresses=[]))))
    second.write_text(json.dumps(address_list(address("203.0.113.50", AddressType="EIP", InstanceId="ins-a"))))
    run(first, second)
    assert addresses() == ["203.0.113.50"]


def test_standard_input_is_a_file_too(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(TWO).encode())))
    assert run("-") == "2 created, 0 updated, 0 unchanged, 0 rejected.\n"


@contextmanager
def piped(path: Path, text: str) -> Iterator[Path]:
    """A named pipe that brings the text, once."""
    os.mkfifo(path)
    with ThreadPoolExecutor(1) as writer:
        writer.submit(path.write_text, text)
        yield path


def test_a_pipe_is_a_file_too(account: Account, tmp_path: Path) -> None:
    with piped(tmp_path / "responses", json.dumps(TWO)) as pipe:
        assert run(pipe) == "2 created, 0 updated, 0 unchanged, 0 rejected.\n"


def test_a_pipe_may_bring_a_sheet(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    make_account(uid="100000000001")
    with piped(tmp_path / "sheet", table({})) as pipe:
        call_command("import_inventory", csv=str(pipe))
    assert capsys.readouterr().out == "1 created, 0 updated, 0 unchanged, 0 rejected.\n"


def test_rejected_rows_are_listed_and_the_command_succeeds(account: Account, tmp_path: Path) -> None:
    file = tmp_path / "responses.json"
    file.write_text(json.dumps(instances(instance(InstanceState="?"), {}, instance("ins-b", PublicIpAddresses=[]))))
    lines = run(file).splitlines()
    assert lines[0] == "rejected ins-a: InstanceState is unknown: ?"
    assert lines[1].startswith("rejected -: ")
    assert lines[2] == "1 created, 0 updated, 0 unchanged, 2 rejected."


def test_an_import_records_what_it_changed(account: Account, tmp_path: Path) -> None:
    file = tmp_path / "responses.json"
    file.write_text(json.dumps(TWO))
    run(file)
    event = CodeEvent.objects.filter(server__instance_id="ins-a").get()
    assert (event.type, event.channel, event.actor) == (EventType.SERVER_CHANGED, Channel.COMMAND, "system")
    assert event.detail == {"created": [None, "ins-a"]}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"   \n\n",
        b"not json",
        b'{"Response": {',
        json.dumps(TWO[0]).encode() + b"\n{broken",
        json.dumps(TWO).encode("utf-16"),
        b'{"a": "\xff"}',
        b"[" * 100_000,
        b'{"a": ' * 100_000,
        b"\x00\x01",
    ],
)
def test_a_file_that_cannot_be_read_stops_everything(account: Account, tmp_path: Path, content: bytes) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(TWO))
    bad.write_bytes(content)
    assert f"{bad} cannot be read" in refused(good, bad)
    assert not Server.objects.exists()


def test_a_missing_file_and_a_folder_cannot_be_read(account: Account, tmp_path: Path) -> None:
    assert refused(tmp_path / "missing.json").endswith("cannot be read, so nothing was done: No such file or directory")
    assert "directory" in refused(tmp_path)
    assert "null" in refused("a\x00b")


def test_a_file_that_goes_meanwhile_is_named_and_what_came_before_stays(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [tmp_path / "first.json", tmp_path / "second.json"]
    for file, name in zip(files, ("ins-a", "ins-b"), strict=True):
        file.write_text(json.dumps(instances(instance(name, PublicIpAddresses=[]))))
    monkeypatch.setattr(batches, "BATCH", 1)
    monkeypatch.setattr(import_inventory, "account_named", lambda uid, **said: files[1].unlink() or account)
    with pytest.raises(CommandError) as error:
        run(*files, "--processes", 1)
    said = "cannot be read any more; what was taken in stays, so run this again: No such file or directory"
    assert (str(error.value), error.value.returncode) == (f"{files[1]} {said}", 1)
    assert Server.objects.get().instance_id == "ins-a"


def test_an_incomplete_import_does_nothing(account: Account, tmp_path: Path) -> None:
    file = tmp_path / "responses.json"
    file.write_text(json.dumps(TWO[0]))
    put(account, instance_id="ins-gone", ips=())
    assert "not complete" in refused(file, "--complete")
    assert Server.objects.get().state == "running"
    file.write_text(json.dumps(TWO))
    assert run(file, "--complete") == "2 created, 1 updated, 0 unchanged, 0 rejected.\n"


def test_the_region_may_be_named(account: Account, tmp_path: Path) -> None:
    file = tmp_path / "responses.json"
    file.write_text(json.dumps(TWO))
    assert run(file, "--region", "ap-shanghai").endswith("0 created, 0 updated, 0 unchanged, 2 rejected.\n")
    assert "malformed" in refused(file, "--region", "ap shanghai")


@pytest.mark.parametrize("number", ["0", "-3"])
def test_at_least_one_process_does_the_work(account: Account, tmp_path: Path, number: str) -> None:
    file = tmp_path / "responses.json"
    file.write_text(json.dumps(TWO))
    assert refused(file, "--processes", number) == "--processes is 1 or more."


def test_an_unknown_account_is_created_only_when_asked(tmp_path: Path) -> None:
    file = tmp_path / "responses.json"
    file.write_text(json.dumps(TWO))
    assert "no account" in refused(file)
    run(file, "--create-account", "Qingshan Trading")
    assert Account.objects.get().name == "Qingshan Trading"
    run(file, "--create-account", "Other")
    assert Account.objects.get().name == "Qingshan Trading"


@pytest.mark.parametrize("uid", ["a b", "1" * 33, "帐号", ""])
def test_no_account_is_created_that_the_api_could_not_name(uid: str, tmp_path: Path) -> None:
    file = tmp_path / "responses.json"
    file.write_text(json.dumps(TWO))
    assert "1 to 32 letters" in refused(file, "--create-account", "Qingshan Trading", account=uid)
    for name in (" ", "x" * 201):
        assert "1 to 200 characters" in refused(file, "--create-account", name)
    assert not Account.objects.exists()


def test_no_account_is_created_for_a_bad_file(tmp_path: Path) -> None:
    refused(tmp_path / "missing.json", "--create-account", "Qingshan Trading")
    assert not Account.objects.exists()
