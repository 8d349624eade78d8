"""A registry: a real HTTP server that speaks the part of the protocol that reading an image takes."""

import base64
import hashlib
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from components.image.image_manifest import MANIFEST_TYPES

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

    def add_image(self, architecture: str = "amd64", layer_bytes: int = 1 << 20) -> str:
        """Add an image; its digest."""
        config = self.add({"architecture": architecture, "os": "linux"})
        layers = [{"digest": f"sha256:{'0' * 64}", "size": layer_bytes}]
        return self.add({"mediaType": MANIFEST_TYPES[0], "config": {"digest": config}, "layers": layers})
