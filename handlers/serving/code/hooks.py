"""ModelCode: the hooks of one version, loaded and called."""

import importlib
import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from handlers.manifest import CODE_DIRECTORY, CODE_FILE, CODE_PACKAGES, HOOKS, FileEntry, Hook, Manifest
from handlers.serving.code.modules import OwnModules
from handlers.serving.errors import InvalidRequest
from handlers.serving.events import Request, Response
from handlers.serving.stores.checksum import difference

_SHOWN_CHARACTERS = 1000
"""How much of a hook's refusal the caller is told."""


class CodeError(Exception):
    """The code of a version cannot be loaded, or a hook failed. The message is for the log."""


class HookContext(NamedTuple):
    """What SageMaker's container tells a hook about a request."""

    model_name: str
    model_version: str
    request_content_type: str
    accept_header: str
    content_length: str
    custom_attributes: str
    """The header X-Amzn-SageMaker-Custom-Attributes."""
    method: str = "predict"
    rest_uri: None = None
    """No server listens here: a hook that calls one itself has to be split into two."""
    grpc_port: None = None


class Prediction:
    """The answer of the model to an `output_handler`: what the hooks of SageMaker's container read of a response."""

    status_code = 200

    def __init__(self, content: bytes) -> None:
        self.content = content

    @property
    def text(self) -> str:
        """The document: `{"predictions": …}` or `{"outputs": …}`."""
        return self.content.decode()

    def json(self) -> Any:
        """The document, parsed."""
        return json.loads(self.content)


class ModelCode:
    """The code of one version, imported. Safe to use from several threads: one call runs at a time.

    Args:
        directory: the version's directory, with the files of the code.
        manifest: the version.

    Raises CodeError if a file is not what the manifest says, the import fails, or a hook is missing.
    """

    def __init__(self, directory: Path, manifest: Manifest) -> None:
        for entry in manifest.code_files():
            _refuse_changed(directory / entry.path, entry)
        self._model, self._version = manifest.model, manifest.version
        self._modules = OwnModules([directory / CODE_DIRECTORY, directory / CODE_PACKAGES])
        module = self._run(f"{CODE_FILE} cannot be imported", lambda: importlib.import_module(Path(CODE_FILE).stem))
        self._hooks: dict[Hook, Callable[..., Any]] = {
            hook: found for hook in HOOKS if callable(found := getattr(module, hook, None))
        }
        if missing := sorted(set(manifest.code.hooks if manifest.code else ()) - self._hooks.keys()):
            raise CodeError(f"{CODE_FILE} has no {missing[0]}")

    @property
    def hooks(self) -> tuple[Hook, ...]:
        """The hooks that it has."""
        return tuple(self._hooks)

    def context(self, request: Request) -> HookContext:
        """What the hooks are told about a request."""
        headers = request.headers
        return HookContext(
            model_name=self._model,
            model_version=str(self._version),
            request_content_type=headers.get("content-type", "application/json"),
            accept_header=headers.get("accept", "application/json"),
            content_length=str(len(request.body)),
            custom_attributes=headers.get("x-amzn-sagemaker-custom-attributes", ""),
        )

    def prepare(self, request: Request, context: HookContext) -> Request:
        """The prediction that `input_handler` makes of a request, and that is answered as JSON. Without such a hook,
        the request says itself what it asks for.

        Raises InvalidRequest if the hook raises ValueError, by which it refuses a request, and CodeError.
        """
        hook = self._hooks.get("input_handler")
        kept = {name: value for name, value in request.headers.items() if name != "accept"}
        if hook is None:
            return request._replace(headers=kept)
        try:
            made = self._run("input_handler failed", lambda: hook(BytesIO(request.body), context))
        except CodeError as error:
            if isinstance(error.__cause__, ValueError):
                raise InvalidRequest(str(error.__cause__)[:_SHOWN_CHARACTERS]) from error
            raise
        return request._replace(body=_body("input_handler", made), headers={**kept, "content-type": "application/json"})

    def finish(self, response: Response, context: HookContext) -> Response:
        """What `output_handler` makes of the model's answer. The same answer if there is no such hook.

        Raises CodeError.
        """
        hook = self._hooks.get("output_handler")
        if hook is None:
            return response
        made = self._run("output_handler failed", lambda: hook(Prediction(response.body), context))
        if not (isinstance(made, tuple) and len(made) == 2 and isinstance(made[1], str)):
            raise CodeError(f"output_handler returned {type(made).__name__}; it returns a body and its content type")
        return response._replace(
            body=_body("output_handler", made[0]), headers={**response.headers, "content-type": made[1]}
        )

    def _run(self, what: str, call: Callable[[], Any]) -> Any:
        """What code of others returns. Raises CodeError with its error as the cause, also where it ends the process."""
        try:
            with self._modules.active():
                return call()
        except (Exception, SystemExit) as error:
            raise CodeError(f"{what}: {type(error).__name__}: {error}") from error


def _body(hook: str, made: Any) -> bytes:
    if isinstance(made, str):
        return made.encode()
    if isinstance(made, bytes | bytearray):
        return bytes(made)
    if isinstance(made, dict):
        return json.dumps(made).encode()
    raise CodeError(f"{hook} returned {type(made).__name__}; allowed is a text, bytes, or a dict for JSON")


def _refuse_changed(path: Path, entry: FileEntry) -> None:
    """Code is compared always, also where a stack leaves out the comparison of models."""
    if not entry.sha256 and not entry.blake3:
        raise CodeError(f"{entry.path} has no checksum in the manifest")
    try:
        found = difference(path, entry)
    except OSError as error:
        raise CodeError(f"{entry.path} cannot be read: {error.strerror}") from None
    if found:
        raise CodeError(f"{entry.path} {found}")
