"""HandlerImage: the container image of the handlers, built and pushed to a repository of its own."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pulumi
import pulumi_aws as aws
import pulumi_docker as docker

from components.image.checked_image import checked_image
from handlers.contract import Architecture
from handlers.manifest import EngineName, engine_set

PLATFORMS: Mapping[Architecture, str] = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}
"""Docker's names of Lambda's architectures."""

IMAGES_DIRECTORY = Path("build/images")
"""Where models are laid out for images' builds, below the project's directory."""

CONTEXT_DIRECTORIES = (Path("handlers"), IMAGES_DIRECTORY)
"""What `.dockerignore` lets into the context."""

KEPT_IMAGES = 30
"""How many images the repository keeps. Lambda needs those of every version that may still be called."""


@dataclass(frozen=True, kw_only=True)
class HandlerImageArgs:
    engines: Iterable[EngineName]
    """The engines that the image must hold."""
    architecture: Architecture = "x86_64"
    context: Path = Path()
    """The project's directory, which holds `handlers/Dockerfile`."""
    base_image: str | None = None
    """A base image other than the Dockerfile's own."""
    models_directory: Path | None = None
    """A directory in the context whose models are baked into the image as its last layer."""
    kms_key_arn: pulumi.Input[str] | None = None
    """Encrypts the repository; by default a key that AWS owns does. Another key is another repository."""
    build_args: Mapping[str, str] = field(default_factory=dict[str, str])


class HandlerImage(pulumi.ComponentResource):
    """An image by digest, in an encrypted repository that scans what is pushed and never moves a tag.

    The tag is the digest of what goes into the build, so that an image is pushed once for each content, and the same
    sources on another machine are the same image. What the repository holds already is found there by its tag: sources
    that come back after others, or whose deployment died after its push. Building needs Docker; a preview builds
    nothing.
    """

    image_uri: pulumi.Output[str]
    """repository@sha256:digest, the only form that Lambda follows."""
    repository_name: pulumi.Output[str]

    def __init__(self, name: str, args: HandlerImageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:HandlerImage", name, None, opts)
        inside = pulumi.ResourceOptions(parent=self)
        repository = aws.ecr.Repository(
            name,
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[
                {"encryption_type": "AES256"}
                if args.kms_key_arn is None
                else {"encryption_type": "KMS", "kms_key": args.kms_key_arn}
            ],
            force_delete=True,  # an image holds nothing that a build does not make again
            opts=inside,
        )
        aws.ecr.LifecyclePolicy(
            f"{name}-lifecycle", repository=repository.name, policy=json.dumps(_expire_old_images()), opts=inside
        )
        login = aws.ecr.get_authorization_token_output(
            registry_id=repository.registry_id, opts=pulumi.InvokeOptions(parent=self)
        )
        tag = build_digest(args)
        held = _held_digest(repository, tag, pulumi.InvokeOutputOptions(parent=self))
        build = _build(args)
        image = docker.Image(
            # An update would push again, and what is there cannot be pushed: whatever differs is a resource of its own.
            # What leaves the state stays in the repository, for the provider deletes nothing.
            f"{name}-build-{_provider_digest(args, build)}",
            image_name=pulumi.Output.concat(repository.repository_url, ":", tag),
            build=build,
            registry={
                "server": repository.repository_url,
                "username": login.user_name,
                "password": pulumi.Output.secret(login.password),
            },
            build_on_preview=False,
            # The provider takes no unknown here. What is decided when the image is new stays: its push changes `held`.
            skip_push=held.apply(_is_held, run_with_unknowns=True),
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["skipPush"]),
        )
        found = pulumi.Output.concat(repository.repository_url, "@", held)
        image_uri = held.apply(lambda digest: found if digest else image.repo_digest.apply(_pushed))
        self.image_uri = checked_image(image_uri, login, args.architecture)
        self.repository_name = repository.name
        self.register_outputs({"image_uri": self.image_uri, "repository_name": self.repository_name})


def _held_digest(repository: aws.ecr.Repository, tag: str, opts: pulumi.InvokeOutputOptions) -> pulumi.Output[str]:
    """The digest of the image that the repository has under a tag; empty where it has none. Unknown in the preview of a
    repository that is not there yet."""
    held = aws.ecr.get_images_output(repository_name=repository.name, opts=opts)
    return held.image_ids.apply(
        lambda images: next((image.image_digest for image in images if image.image_tag == tag), "")
    )


def _is_held(digest: object) -> bool:
    """Whether a repository is known to hold an image: neither without a digest nor where that is unknown."""
    return isinstance(digest, str) and digest != ""


def _pushed(repo_digest: str | None) -> str:
    """The address that a push gave.

    Raises:
        ValueError: inside the output. Nothing was pushed, for the repository held the image; now it does not.
    """
    if not repo_digest:
        raise ValueError(
            "the repository held this image when it was to be pushed, and holds it no more: somebody deleted it, or "
            "the repository was replaced; take the docker:index/image:Image out of the state (pulumi state delete URN) "
            "and deploy again, which pushes it"
        )
    return repo_digest


def _build(args: HandlerImageArgs) -> docker.DockerBuildArgsDict:
    # The provider builds again where a path differs: no machine's own paths in the state.
    context = Path(os.path.relpath(args.context))
    return {
        "context": str(context),
        "dockerfile": str(context / "handlers" / "Dockerfile"),
        "platform": PLATFORMS[args.architecture],
        "target": build_target(args),
        "args": _build_args(args),
        # BuildKit through the engine, not buildx: buildx adds a provenance attestation, which makes the image an index
        # of two, and Lambda refuses those.
        "builder_version": docker.BuilderVersion.BUILDER_BUILD_KIT,
    }


def build_target(args: HandlerImageArgs) -> str:
    """The Dockerfile's target: the smallest that holds the engines, with or without models."""
    engines = engine_set(args.engines)
    return f"baked-{engines}" if args.models_directory else engines


def build_digest(args: HandlerImageArgs) -> str:
    """Hexadecimal digest of everything that decides what the image holds, file by file in the order of their paths."""
    settings = [build_target(args), args.architecture, sorted(_build_args(args).items())]
    digest = hashlib.sha256(json.dumps(settings).encode())
    directories = [Path("handlers"), *([args.models_directory] if args.models_directory else [])]
    for path in _files(args.context, directories):
        digest.update(_name_and_content(args.context, path))
    return digest.hexdigest()[:32]


def _provider_digest(args: HandlerImageArgs, build: Mapping[str, object]) -> str:
    """Digest of everything whose change makes the provider build, and push, again: its arguments, and the context with
    the files' modes and with the models of other images, which lie in it too."""
    digest = hashlib.sha256(json.dumps([build_digest(args), build], default=str).encode())
    for path in _files(args.context, CONTEXT_DIRECTORIES):
        digest.update(f"{path.stat().st_mode:o}".encode() + _name_and_content(args.context, path))
    return digest.hexdigest()[:12]


def _files(context: Path, directories: Iterable[Path]) -> list[Path]:
    """The files of these directories of the context that a build sees, and what it is told to ignore."""
    files = [path for directory in directories for path in (context / directory).rglob("*")]
    ignore = context / ".dockerignore"
    return sorted(path for path in [*files, ignore] if path.is_file() and "__pycache__" not in path.parts)


def _name_and_content(context: Path, path: Path) -> bytes:
    with path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").digest()
    return path.relative_to(context).as_posix().encode() + b"\0" + content


def _build_args(args: HandlerImageArgs) -> dict[str, str]:
    chosen = dict(args.build_args)
    if args.base_image:
        chosen["BASE_IMAGE"] = args.base_image
    if args.models_directory:
        chosen["MODELS_DIR"] = args.models_directory.as_posix()
    return chosen


def _expire_old_images() -> dict[str, object]:
    return {
        "rules": [
            {
                "rulePriority": 1,
                "description": f"Keep the newest {KEPT_IMAGES} images",
                "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": KEPT_IMAGES},
                "action": {"type": "expire"},
            }
        ]
    }
