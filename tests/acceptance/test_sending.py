"""How the acceptance kit calls an API under a domain name that DNS does not know: over TLS, at the host behind it."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from acceptance.sending import send
from acceptance.targets import host_behind

NAME = "models.example.com"


class Answering(BaseHTTPRequestHandler):
    """Answers with the host that was asked for; what is at /none is not there."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(404 if self.path == "/none" else 200)
        self.end_headers()
        self.wfile.write(self.headers["host"].encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the certificate of the name, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(named, named, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    file = tmp_path_factory.mktemp("certificate") / "of-the-name.pem"
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(made.public_bytes(pem) + private)
    return file


@pytest.fixture(scope="module")
def server(certificate: Path) -> Iterator[str]:
    """The host and the port of a server that has the certificate."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    served = HTTPServer(("127.0.0.1", 0), Answering)
    served.socket = tls.wrap_socket(served.socket, server_side=True)
    Thread(target=served.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"127.0.0.1:{served.server_address[1]}"
    served.shutdown()
    served.server_close()


def test_a_name_that_dns_does_not_know_is_called_at_the_host_behind_it(server: str, certificate: Path):
    trusted = ssl.create_default_context(cafile=str(certificate))
    assert send("POST", f"https://{NAME}/v1", b"{}", {}, server, trusted)[:2] == (200, NAME.encode())
    assert send("POST", f"https://{NAME}/none", b"{}", {}, server, trusted)[:2] == (404, NAME.encode())


@pytest.mark.parametrize("name", [NAME, "other.example.com"])
def test_a_host_without_a_trusted_certificate_of_the_name_gets_no_request(server: str, certificate: Path, name: str):
    trusted = ssl.create_default_context(cafile=None if name == NAME else str(certificate))
    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        send("POST", f"https://{name}/v1", b"{}", {}, server, trusted)


class Apis:
    """API Gateway, with one domain name."""

    def get_domain_name(self, DomainName: str) -> Any:  # noqa: N803 boto3's name
        assert DomainName == NAME
        return {"DomainNameConfigurations": [{"ApiGatewayDomainName": "d-1.execute-api.eu-west-1.amazonaws.com"}]}


@pytest.mark.parametrize(
    ("name", "host"),
    [
        (NAME, "d-1.execute-api.eu-west-1.amazonaws.com"),
        ("a1b2.execute-api.eu-west-1.amazonaws.com", "a1b2.execute-api.eu-west-1.amazonaws.com"),
        ("a1b2.lambda-url.eu-west-1.on.aws", "a1b2.lambda-url.eu-west-1.on.aws"),
    ],
)
def test_the_host_behind_a_domain_name_is_api_gateways(name: str, host: str):
    assert host_behind(Apis(), name) == host
