"""What Lambda would refuse is refused before a function is touched, from what a registry says."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from components.configuration.reading import read_settings
from components.image.checked_image import _same_domain, checked_image
from components.image.handler_image import HandlerImage, HandlerImageArgs, build_digest
from components.image.image_manifest import INDEX_TYPES
from components.stack.stack_args import StackArgs
from components.stack.stack_storages import StackStorages
from ops.recorded_aws import RecordedAws
from tests.components.image.registry import TOKEN, Registry
from tests.packaged import as_configuration
from tests.recorder import COMPUTED, Recorder, deploy

FUNCTION = "aws:lambda/function:Function"


@pytest.fixture(autouse=True)
def logged_in(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    def log_in(self: RecordedAws, asked: Mapping[str, Any]) -> dict[str, Any]:
        answer = {"userName": "AWS", "password": "secret", "authorizationToken": TOKEN}
        return {**asked, **answer, "id": "", "proxyEndpoint": f"http://{registry.host}"}

    monkeypatch.setattr(RecordedAws, "_log_in", log_in)


@pytest.fixture
def touched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The types of the resources that a program registered, also of one that failed."""
    types: list[str] = []
    register = Recorder.RegisterResource

    def note(self: Recorder, request: Any) -> Any:
        types.append(request.type)
        return register(self, request)

    monkeypatch.setattr(Recorder, "RegisterResource", note)
    return types


def run(image_uri: str, **options: Any) -> Recorder:
    """A function of an image that is there already."""

    def program() -> None:
        login = aws.ecr.get_authorization_token_output()
        give_to_a_function(checked_image(image_uri, login, "x86_64"))

    return deploy(program, **options)


def give_to_a_function(image_uri: pulumi.Output[str]) -> None:
    aws.lambda_.Function("models", package_type="Image", role="role", image_uri=image_uri)


def attested(registry: Registry) -> str:
    image = {"digest": registry.add_image(), "platform": {"os": "linux", "architecture": "amd64"}}
    proof = {"platform": {"os": "unknown", "architecture": "unknown"}}
    return registry.add({"mediaType": INDEX_TYPES[1], "manifests": [image, proof]})


REFUSED: list[tuple[Callable[[Registry], str], str]] = [
    (lambda registry: registry.add_image("arm64"), "was built for linux/arm64; the function's architecture is x86_64"),
    (attested, "an attestation of its build beside it"),
    (lambda registry: registry.add_image(layer_bytes=(10 << 30) + 1), "Lambda takes images of at most 10 GiB"),
]


@pytest.mark.parametrize("preview", [False, True])
@pytest.mark.parametrize(("add", "reason"), REFUSED)
def test_what_lambda_would_refuse_is_refused_before_a_function_is_touched(
    registry: Registry, touched: list[str], add: Callable[[Registry], str], reason: str, preview: bool
):
    with pytest.raises(ValueError, match=reason):
        run(registry.uri(add(registry)), preview=preview)
    assert FUNCTION not in touched


@pytest.mark.parametrize(("add", "reason"), REFUSED)
def test_an_image_that_was_just_built_is_checked_too(
    registry: Registry,
    touched: list[str],
    add: Callable[[Registry], str],
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
):
    built = {"repoDigest": registry.uri(add(registry))}
    monkeypatch.setitem(COMPUTED, "docker:index/image:Image", lambda name, inputs: built)
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "Dockerfile").write_text("FROM scratch AS litert\n")
    arguments = HandlerImageArgs(engines=["litert"], context=tmp_path)
    removal = f"--repository-name handlers-1234567 --image-ids imageTag={build_digest(arguments)}"
    with pytest.raises(ValueError, match=rf"{reason}.* aws ecr batch-delete-image {removal}"):
        deploy(lambda: give_to_a_function(HandlerImage("handlers", arguments).image_uri))
    assert "docker:index/image:Image" in touched
    assert FUNCTION not in touched


def test_a_stack_checks_the_image_that_its_settings_name(registry: Registry, packaged: Path):
    uri = registry.uri(registry.add_image("arm64"))
    settings = read_settings(as_configuration(modelRepository=str(packaged), imageUri=uri), packaged)
    args = StackArgs(settings=settings, directory=packaged, project_name="project", compare=str)
    with pytest.raises(ValueError, match="was built for linux/arm64"):
        deploy(lambda: StackStorages("models", args, pulumi.ResourceOptions()))


def test_an_image_that_lambda_takes_is_given_to_the_function_and_is_no_secret(registry: Registry):
    uri = registry.uri(registry.add_image())
    assert run(uri).one(FUNCTION).inputs["imageUri"] == uri


def test_an_image_that_cannot_be_read_is_warned_of(registry: Registry, caplog: pytest.LogCaptureFixture):
    uri = registry.uri(f"sha256:{'1' * 64}")
    with caplog.at_level(logging.WARNING):
        assert run(uri).one(FUNCTION).inputs["imageUri"] == uri
    assert "the registry answered 404" in caplog.text


@pytest.mark.parametrize(
    ("image_uri", "same"),
    [
        ("111111111111.dkr.ecr.eu-central-1.amazonaws.com/team/models@sha256:1", True),
        ("222222222222.dkr.ecr.eu-central-1.amazonaws.com/models@sha256:1", True),
        ("111111111111.dkr.ecr.us-east-1.amazonaws.com/models@sha256:1", False),
        ("dkr.ecr.eu-central-1.amazonaws.com.example.org/models@sha256:1", False),
        ("registry/models@sha256:1", False),
    ],
)
def test_only_registries_that_the_login_is_for_are_told_the_token(image_uri: str, same: bool):
    assert _same_domain(image_uri, "https://111111111111.dkr.ecr.eu-central-1.amazonaws.com") is same
