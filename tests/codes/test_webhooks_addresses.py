"""Which addresses a webhook may call, and that the answer judged is the one connected to."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from codes.values import mint, show
from codes.webhooks import transport
from codes.webhooks.addresses import AddressRefused, callable_addresses, is_public, parse, system_resolver
from codes.webhooks.services import EndpointRefused, create_endpoint
from codes.webhooks.transport import Limits
from tests.factories import NOW, make_client

URL = "https://hooks.example.com/in"


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.100.100.200",  # a provider's metadata service
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "169.254.0.23",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0:10.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::808:808",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "2002:a9fe:a9fe::1",
        "2002:c0a8:101::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_an_address_of_no_public_network_is_refused(address: str, settings: Any) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = False
    assert not is_public(address)
    with pytest.raises(AddressRefused):
        callable_addresses(parse(URL), resolver=lambda host, port: ["93.184.215.14", address])


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "100.63.255.255",
        "100.128.0.1",
        "172.15.255.255",
        "172.32.0.1",
        "192.167.255.255",
        "223.255.255.255",
        "119.29.29.29",
        "::ffff:1.1.1.1",
        "64:ff9b::101:101",
        "2002:101:101::1",
        "2400:3200::1",
        "2606:4700:4700::1111",
    ],
)
def test_a_public_address_is_called(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.com",
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://user:pw@hooks.example.com/",
        "https://@hooks.example.com/",
        "https://hooks.example.com:0/",
        "https://hooks.example.com:99999/",
        "https://hooks.example.com:x/",
        "https://hooks.example.com/#part",
        "https://hooks.example.com/a b",
        "https://hooks.example.com\\@127.0.0.1/",
        "https://hooks.example.com/\r\nX: y",
        "https://hooks.example.com/\0",
        "https://bücher.example/",
        "https://[::1/",
        "https://hooks.example.com/" + "x" * 500,
    ],
)
def test_a_url_that_is_no_plain_https_is_refused(url: str, settings: Any) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = False
    with pytest.raises(AddressRefused):
        parse(url)


def test_a_url_that_holds_a_code_value_is_refused() -> None:
    with pytest.raises(AddressRefused, match="code value"):
        parse(f"https://hooks.example.com/?code={show(mint())}")


@pytest.mark.parametrize(
    ("url", "authority", "path"),
    [
        ("https://hooks.example.com", "hooks.example.com", "/"),
        ("https://hooks.example.com:8443/a?b=c", "hooks.example.com:8443", "/a?b=c"),
        ("https://[2400:3200::1]/a", "[2400:3200::1]", "/a"),
    ],
)
def test_the_host_header_and_path_are_the_urls_own(url: str, authority: str, path: str) -> None:
    target = parse(url)
    assert (target.authority, target.path) == (authority, path)


@pytest.mark.parametrize("host", ["127.1", "0x7f.1", "2130706433", "localhost", "[::1]"])
def test_other_spellings_of_loopback_are_refused_once_resolved(host: str, settings: Any) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = False
    known = {"127.1": "127.0.0.1", "0x7f.1": "127.0.0.1", "2130706433": "127.0.0.1"}

    def resolver(name: str, port: int) -> list[str]:
        return [known[name]] if name in known else system_resolver(name, port)

    with pytest.raises(AddressRefused, match="not public"):
        callable_addresses(parse(f"https://{host}/"), resolver=resolver)


def test_a_name_without_an_address_is_refused() -> None:
    def fails(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    for resolver in (fails, lambda host, port: []):
        with pytest.raises(AddressRefused, match="cannot be resolved"):
            callable_addresses(parse(URL), resolver=resolver)


@pytest.mark.django_db
def test_the_address_is_judged_when_an_endpoint_is_created(settings: Any) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = False
    asked = {"url": URL, "event_types": ["generated"], "now": NOW}
    with pytest.raises(AddressRefused, match="not public"):
        create_endpoint(make_client(), resolver=lambda host, port: ["10.0.0.1"], **asked)
    endpoint, _secret = create_endpoint(make_client(), resolver=lambda host, port: ["1.1.1.1"], **asked)
    assert endpoint.url == URL


@pytest.mark.django_db
def test_an_endpoint_needs_a_client_that_reads_codes_and_known_types() -> None:
    asked: dict[str, Any] = {"url": URL, "resolver": lambda host, port: ["1.1.1.1"], "now": NOW}
    with pytest.raises(EndpointRefused) as refused:
        create_endpoint(make_client(scopes=("filings:write",)), event_types=["generated"], **asked)
    assert refused.value.field == "client"
    for types in ([], ["generated", "sold"]):
        with pytest.raises(EndpointRefused) as refused:
            create_endpoint(make_client(), event_types=types, **asked)
        assert refused.value.field == "event_types"


def test_a_name_is_resolved_once_and_what_was_judged_is_connected_to(settings: Any) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = True
    answers = [["127.0.0.1"], ["10.9.9.9"]]
    with raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") as (port, requests):
        url = f"http://rebound.example.com:{port}/hook?a=1"
        answer = transport.post(url, b"{}", {}, resolver=lambda host, port: answers.pop(0))
    assert (answer.status, answer.text) == (200, "ok")
    assert answers == [["10.9.9.9"]]
    assert requests[0].startswith(b"POST /hook?a=1 HTTP/1.1\r\n")
    assert f"\r\nHost: rebound.example.com:{port}\r\n".encode() in requests[0]


def test_a_name_that_turns_private_after_creation_is_not_called(settings: Any) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = False
    with raw_server(b"") as (port, requests):
        url = f"https://rebound.example.com:{port}/"
        callable_addresses(parse(url), resolver=lambda host, port: ["1.1.1.1"])
        answer = transport.post(url, b"{}", {}, resolver=lambda host, port: ["127.0.0.1"])
    assert answer.error == "The host leads to an address that is not public."
    assert requests == []


def test_the_certificate_is_checked(settings: Any) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = True
    with raw_server(b"this is no TLS") as (port, _requests):
        answer = transport.post(f"https://127.0.0.1:{port}/", b"{}", {})
    assert answer.status is None
    assert answer.error.startswith("TLS failed: ")


def test_tls_is_spoken_with_the_name_in_the_url(settings: Any, monkeypatch: Any, tmp_path: Path) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = True
    pem = tmp_path / "hooks.pem"
    pem.write_bytes(make_certificate("hooks.example.com"))
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    for host, works in (("hooks.example.com", True), ("other.example.com", False)):
        transport.tls.cache_clear()
        with raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", pem=pem) as (port, requests):
            answer = transport.post(f"https://{host}:{port}/", b"{}", {}, resolver=lambda host, port: ["127.0.0.1"])
        assert (answer.status == 200, bool(requests)) == (works, works)
        assert works or answer.error.startswith("The certificate is not valid: Hostname mismatch")
    transport.tls.cache_clear()


def make_certificate(host: str) -> bytes:
    """A self-signed certificate with its key, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private + certificate.public_bytes(Encoding.PEM)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (b"", transport.CUT),
        (b"not http at all\r\n\r\n", f"{transport.NO_HTTP}: not http at all"),
        (
            b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000,
            f"{transport.NO_HTTP}: got more than 65536 bytes when reading header line",
        ),
        (
            b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n",
            f"{transport.NO_HTTP}: got more than 100 headers",
        ),
    ],
)
def test_an_answer_that_is_no_http_is_a_failure(reply: bytes, error: str, settings: Any) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = True
    with raw_server(reply) as (port, _requests):
        answer = transport.post(f"http://127.0.0.1:{port}/", b"{}", {})
    assert answer.status is None
    assert answer.error == error


def test_a_huge_answer_is_read_no_further_than_what_is_kept(settings: Any) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = True
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"y" * 2_000_000
    with raw_server(endless) as (port, _requests):
        answer = transport.post(f"http://127.0.0.1:{port}/", b"{}", {})
    assert (answer.status, answer.text) == (200, "y" * 1024)


def test_a_code_value_where_the_answer_is_cut_off_is_hidden_whole(settings: Any) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = True
    reply = b"HTTP/1.1 200 OK\r\n\r\n" + b"-" * 1000 + show(mint()).encode() + b"-" * 100
    with raw_server(reply) as (port, _requests):
        answer = transport.post(f"http://127.0.0.1:{port}/", b"{}", {})
    assert answer.text == "(hidden: a code value stood in it)"


@pytest.mark.parametrize("drip", [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b""])
def test_an_answer_that_never_ends_is_cut_off_at_the_deadline(drip: bytes, settings: Any) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = True
    started = monotonic()
    with raw_server(drip, then_wait=True) as (port, _requests):
        answer = transport.post(f"http://127.0.0.1:{port}/", b"{}", {}, limits=Limits(total=0.4))
    assert answer.error == "No answer in time"
    assert 0.3 < monotonic() - started < 3


def test_a_body_that_comes_slowly_does_not_undo_the_status(settings: Any) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = True
    with raw_server(b"HTTP/1.1 202 Accepted\r\nContent-Length: 9\r\n\r\nbegi", then_wait=True) as (port, _requests):
        answer = transport.post(f"http://127.0.0.1:{port}/", b"{}", {}, limits=Limits(body=0.2))
    assert (answer.status, answer.text) == (202, "begi")


@contextmanager
def raw_server(reply: bytes, *, then_wait: bool = False, pem: Path | None = None) -> Iterator[tuple[int, list[bytes]]]:
    """Answers one connection with these bytes, and hangs up unless it is to wait; the port and what it was asked."""
    requests: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def serve() -> None:
            try:
                connected, _address = server.accept()
            except OSError:
                return
            try:
                if pem is not None:
                    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                    context.load_cert_chain(pem)
                    connected = context.wrap_socket(connected, server_side=True)
                held.append(connected)
                requests.append(connected.recv(65536))
                connected.sendall(reply)
                if not then_wait:
                    connected.shutdown(socket.SHUT_WR)
            except OSError:
                pass

        thread = Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1], requests
        finally:
            server.shutdown(socket.SHUT_RDWR)
            for each in held:
                with closing(each):
                    pass
            thread.join()
