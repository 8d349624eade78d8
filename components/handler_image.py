"""HandlerImage: the container image of the handlers, built and pushed to a repository of its own."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pulumi
import pulumi_aws as aws
import pulumi_docker as docker

from components.checked_image import checked_image
from handlers.manifest import EngineName

PLATFORMS: Mapping[str, str] = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}
"""Docker's names of Lambda's architectures."""

KEPT_IMAGES = 30
"""How many images the repository keeps. Lambda needs those of every version that may still be called."""


@dataclass(frozen=True, kw_only=True)
class HandlerImageArgs:
    engines: Iterable[EngineName]
    """The engines that the image must hold."""
    architecture: Literal["x86_64", "arm64"] = "x86_64"
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
    sources on another machine are the same image. Building needs Docker; a preview builds nothing.
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
        # The provider builds, and pushes the same tag, again where a path differs: no machine's own paths in the state.
        context = Path(os.path.relpath(args.context))
        image = docker.Image(
            f"{name}-build",
            image_name=pulumi.Output.concat(repository.repository_url, ":", build_digest(args)),
            build={
                "context": str(context),
                "dockerfile": str(context / "handlers" / "Dockerfile"),
                "platform": PLATFORMS[args.architecture],
                "target": build_target(args),
                "args": _build_args(args),
                # BuildKit through the engine, not buildx: buildx adds a provenance attestation, which makes the image
                # an index of two, and Lambda refuses those.
                "builder_version": docker.BuilderVersion.BUILDER_BUILD_KIT,
            },
            registry={
                "server": repository.repository_url,
                "username": login.user_name,
                "password": pulumi.Output.secret(login.password),
            },
            build_on_preview=False,
            opts=inside,
        )
        self.image_uri = checked_image(image.repo_digest, login, args.architecture)
        self.repository_name = repository.name
        self.register_outputs({"image_uri": self.image_uri, "repository_name": self.repository_name})


def build_target(args: HandlerImageArgs) -> str:
    """The Dockerfile's target: the smallest that holds the engines, with or without models."""
    engines = "tensorflow" if "tensorflow" in set(args.engines) else "litert"
    return f"baked-{engines}" if args.models_directory else engines


def build_digest(args: HandlerImageArgs) -> str:
    """Hexadecimal digest of everything that decides what the image holds, file by file in the order of their paths."""
    digest = hashlib.sha256()
    settings = [build_target(args), args.architecture, sorted(_build_args(args).items())]
    digest.update(json.dumps(settings).encode())
    for path in _build_inputs(args):
        digest.update(path.relative_to(args.context.resolve()).as_posix().encode() + b"\0")
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:32]


def _build_inputs(args: HandlerImageArgs) -> list[Path]:
    """The files that the build reads."""
    context = args.context.resolve()
    directories = [context / "handlers"]
    if args.models_directory:
        directories.append(context / args.models_directory)
    files = [path for directory in directories for path in directory.rglob("*") if path.is_file()]
    ignore = context / ".dockerignore"
    return sorted(path for path in [*files, ignore] if path.is_file() and "__pycache__" not in path.parts)


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
