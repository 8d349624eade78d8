"""An image is read as its registry tells it: a real HTTP server that speaks the part of the protocol that is used."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from components.image_manifest import INDEX_TYPES, MANIFEST_TYPES
from components.image_registry import ImageUnreadable, read_image

TOKEN = base64.b64encode(b"AWS:secret").decode()


class Registry:
    """Serves documents by digest to whoever has the token; blobs from a storage that refuses the token."""

    def __init__(self) -> None:
        self.documents: dict[str, bytes] = {}
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                registry.answer(self)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"

    def add(self, document: dict[str, Any]) -> str:
        body = json.dumps(document).encode()
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        self.documents[digest] = body
        return digest

    def uri(self, digest: str) -> str:
        return f"{self.host}/team/models@{digest}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        digest = request.path.rsplit("/", 1)[-1]
        authorized = request.headers.get("Authorization") == f"Basic {TOKEN}"
        if request.path.startswith("/storage/"):
            status, body = (400, b"two ways to authenticate") if authorized else (200, self.documents[digest])
        elif not authorized:
            status, body = 401, b"{}"
        elif request.path == f"/v2/team/models/blobs/{digest}":
            request.send_response(307)
            request.send_header("Location", f"/storage/{digest}")
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        else:
            known = digest in self.documents and request.path == f"/v2/team/models/manifests/{digest}"
            status, body = (200, self.documents[digest]) if known else (404, b"{}")
        request.send_response(status)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)


@pytest.fixture
def registry() -> Iterator[Registry]:
    registry = Registry()
    thread = threading.Thread(target=registry.server.serve_forever, daemon=True)
    thread.start()
    yield registry
    registry.server.shutdown()
    registry.server.server_close()
    thread.join()


def test_an_images_manifest_and_configuration_are_read_and_storage_is_not_told_the_credentials(registry: Registry):
    config = {"architecture": "arm64", "os": "linux"}
    manifest = {"mediaType": MANIFEST_TYPES[0], "config": {"digest": registry.add(config)}, "layers": []}
    assert read_image(registry.uri(registry.add(manifest)), TOKEN) == (manifest, config)


def test_a_tag_before_the_digest_changes_nothing(registry: Registry):
    index = {"mediaType": INDEX_TYPES[1], "manifests": []}
    uri = registry.uri(registry.add(index)).replace("models@", "models:v1.2@")
    assert read_image(uri, TOKEN) == (index, {})


def test_an_image_that_the_registry_does_not_have_is_named(registry: Registry):
    uri = registry.uri(f"sha256:{'0' * 64}")
    with pytest.raises(ImageUnreadable, match=f"{uri}: the registry answered 404"):
        read_image(uri, TOKEN)


def test_a_registry_that_refuses_the_credentials_is_told(registry: Registry):
    with pytest.raises(ImageUnreadable, match="answered 401"):
        read_image(registry.uri(registry.add({})))


def test_a_registry_that_does_not_answer_is_told(registry: Registry):
    uri = registry.uri(f"sha256:{'0' * 64}")
    registry.server.server_close()
    with pytest.raises(ImageUnreadable, match="does not answer"):
        read_image(uri, TOKEN)


def test_a_document_that_is_not_what_its_digest_says_is_refused(registry: Registry):
    digest = registry.add({"layers": []})
    registry.documents[digest] += b" "
    with pytest.raises(ImageUnreadable, match=f"does not have the digest {digest}"):
        read_image(registry.uri(digest), TOKEN)


@pytest.mark.parametrize("uri", ["models", "host/models:latest", "host/models@sha256:12"])
def test_an_image_must_be_named_by_its_digest(uri: str):
    with pytest.raises(ImageUnreadable, match="host/repository@sha256:digest"):
        read_image(uri)
