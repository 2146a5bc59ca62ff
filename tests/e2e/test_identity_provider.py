"""A CSMS that takes the tokens of an identity provider, which it reaches over TLS."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import orjson
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.security.token_issuer import Clock, TokenIssuer

from .system import ROOT, free_port

SERVICES = ("DEVICE", "TRANSACTION", "USER", "GATEWAY", "CONSOLE")


def certificate(folder: Path) -> tuple[Path, Path]:
    """Of localhost, signed by itself; and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


@contextmanager
def provider(folder: Path, issuer: TokenIssuer) -> Iterator[str]:
    """The issuer that it is; its keys are those of ``issuer``."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            documents = {
                "/.well-known/openid-configuration": {"issuer": url, "jwks_uri": f"{url}/keys"},
                "/keys": issuer.jwks(),
            }
            body = orjson.dumps(documents[self.path])
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(folder))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    url = f"https://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield url
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_person_of_the_identity_provider_uses_the_apis(tmp_path: Path) -> None:
    clock = Clock()
    clock.now = datetime.now(UTC)
    issuer = TokenIssuer(clock)
    ports = {f"CSMS_{name}_PORT": str(free_port()) for name in SERVICES}
    with provider(tmp_path, issuer) as url:
        given = ports | {
            "CSMS_DATA_DIR": str(tmp_path / "data"),
            "CSMS_OIDC_ISSUER": url,
            "CSMS_OIDC_AUDIENCE": "csms-api",
            "CSMS_OIDC_ROLES": "fitters=technician",
            "SSL_CERT_FILE": str(tmp_path / "certificate.pem"),
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "services.cli", "up"],
            cwd=ROOT,
            env=os.environ | given,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stderr is not None
            while not process.stderr.readline().startswith("  data "):
                pass
            right = issuer.token("RS256-1", iss=url, roles=["fitters"])
            bearer = {"Authorization": f"Bearer {right}"}
            apis = {name: f"http://127.0.0.1:{ports[f'CSMS_{name}_PORT']}" for name in SERVICES}
            me = httpx.get(f"{apis['USER']}/me", headers=bearer).json()
            everywhere = [
                httpx.get(f"{apis[name]}/{path}", headers=bearer).status_code
                for name, path in (
                    ("DEVICE", "chargingstations"),
                    ("TRANSACTION", "transactions"),
                    ("USER", "idtokens"),
                )
            ]
            stations = f"{apis['DEVICE']}/chargingstations"
            statuses = [
                httpx.get(stations, headers={"Authorization": f"Bearer {text}"}).status_code
                for text in (
                    issuer.token("RS256-1", iss=url, roles=["technician"]),
                    f"{right[:-6]}AAAAAA",
                    issuer.token("RS256-1", roles=["fitters"]),
                )
            ]
            statuses.append(httpx.get(stations).status_code)
        finally:
            process.terminate()
            process.communicate(timeout=30)

    assert (me["id"], me["kind"]) == ("oidc:alice", "person")
    assert "commands:maintain" in me["scopes"]
    assert everywhere == [200, 200, 200]
    assert statuses == [403, 401, 401, 401]
