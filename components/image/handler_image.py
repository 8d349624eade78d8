"""HandlerImage: the container image of the handlers, built and pushed to a repository of its own."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pulumi
import pulumi_aws as aws
import pulumi_docker as docker

from components.image.base_image import base_image
from components.image.checked_image import checked_image
from components.image.pull_policy import let_functions_pull
from components.retries import explained
from handlers.contract import Architecture
from handlers.manifest import EngineName, engine_set

PLATFORMS: Mapping[Architecture, str] = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}
"""Docker's names of Lambda's architectures."""

IMAGES_DIRECTORY = Path("build/images")
"""Where models are laid out for the builds of images, below the project's directory."""

CONTEXT_DIRECTORIES = (Path("handlers"), IMAGES_DIRECTORY)
"""The parts of the context that `.dockerignore` lets a build see."""

UNTAGGED_DAYS = 1
"""How many days the repository keeps an image without a tag. No function has one: it was pushed with a tag, which
cannot be taken over by another image."""


@dataclass(frozen=True, kw_only=True)
class HandlerImageArgs:
    engines: Iterable[EngineName]
    """The engines that the image must hold."""
    architecture: Architecture = "x86_64"
    context: Path = Path()
    """The project's directory, which holds `handlers/Dockerfile`."""
    base_image: str | None = None
    """The image that it is built on, by digest. None takes the Dockerfile's, by the digest that its tag has now."""
    models_directory: Path | None = None
    """A directory in the context whose models are baked into the image as its last layer."""
    kms_key_arn: str | None = None
    """Encrypts the repository. None leaves that to a key of AWS. A change replaces the repository, and the image is
    pushed to the new one."""


BUILD_FAILURES = {
    "invalid response status 403": "Docker keeps its images with containerd, and this engine then refuses the build's "
    "context. Switch the containerd image store off (Docker Desktop: Settings, General; Docker Engine: "
    '"features": {"containerd-snapshotter": false} in /etc/docker/daemon.json, then restart it), or build the image '
    "elsewhere and set imageUri."
}
"""What failures of the build mean, by what the engine says. https://github.com/moby/buildkit/issues/5623"""

REMOVAL = (
    "The repository holds it under this tag, so every update finds it again. Remove it, then run `pulumi up` again: "
    "aws ecr batch-delete-image --repository-name {} --image-ids imageTag={}"
)


class HandlerImage(pulumi.ComponentResource):
    """An image in an encrypted repository with immutable tags and a scan of each push.

    The tag is a digest of the build's inputs: the sources, and the base image by its digest. The same inputs make the
    same tag on every machine, and are pushed once.
    An image that the repository holds already is found by its tag and not pushed again: after a return to earlier
    sources, or after a deployment that failed after its push. Building needs Docker. A preview builds nothing.
    """

    image_uri: pulumi.Output[str]
    """repository@sha256:digest"""
    repository_name: pulumi.Output[str]

    def __init__(self, name: str, args: HandlerImageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:HandlerImage", name, None, opts)
        inside = pulumi.ResourceOptions(parent=self)
        args = replace(args, base_image=args.base_image or _base(args, pulumi.InvokeOptions(parent=self)))
        repository = aws.ecr.Repository(
            name,
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[
                {"encryption_type": "AES256"}
                if args.kms_key_arn is None
                else {"encryption_type": "KMS", "kms_key": args.kms_key_arn}
            ],
            force_delete=True,  # a build can make each image again
            opts=inside,
        )
        aws.ecr.LifecyclePolicy(
            f"{name}-lifecycle", repository=repository.name, policy=json.dumps(_expire_untagged_images()), opts=inside
        )
        pulled = aws.ecr.RepositoryPolicy(
            f"{name}-pull", repository=repository.name, policy=let_functions_pull(repository.arn), opts=inside
        )
        login = aws.ecr.get_authorization_token_output(
            registry_id=repository.registry_id, opts=pulumi.InvokeOptions(parent=self)
        )
        tag = build_digest(args)
        held = _held_digest(repository, tag, pulumi.InvokeOutputOptions(parent=self))
        build = _build(args)
        image = docker.Image(
            # An update would push again, and ECR refuses a push to an existing tag. So each build is a resource of its
            # own. The provider deletes nothing: an image that leaves the state stays in the repository.
            f"{name}-build-{_provider_digest(args, build)}",
            image_name=pulumi.Output.concat(repository.repository_url, ":", tag),
            build=build,
            registry={
                "server": repository.repository_url,
                "username": login.user_name,
                "password": pulumi.Output.secret(login.password),
            },
            build_on_preview=False,
            # The provider accepts no unknown value here. The push changes `held`, so the first decision must stay.
            skip_push=held.apply(_is_held, run_with_unknowns=True),
            opts=pulumi.ResourceOptions(
                parent=self, ignore_changes=["skipPush"], hooks=explained(f"{name}-build", BUILD_FAILURES)
            ),
        )
        found = pulumi.Output.concat(repository.repository_url, "@", held)
        image_uri = held.apply(lambda digest: found if digest else image.repo_digest.apply(_pushed))
        # The policy's id is not part of the address: who uses the address waits for the policy.
        allowed = pulumi.Output.all(image_uri, pulled.id).apply(lambda known: str(known[0]))
        removal = pulumi.Output.format(REMOVAL, repository.name, tag)
        self.image_uri = checked_image(allowed, login, args.architecture, removal)
        self.repository_name = repository.name
        self.register_outputs({"image_uri": self.image_uri, "repository_name": self.repository_name})


def _held_digest(repository: aws.ecr.Repository, tag: str, opts: pulumi.InvokeOutputOptions) -> pulumi.Output[str]:
    """The digest of the repository's image with this tag, or an empty text. Unknown in the preview of a new
    repository."""
    held = aws.ecr.get_images_output(repository_name=repository.name, opts=opts)
    return held.image_ids.apply(
        lambda images: next((image.image_digest for image in images if image.image_tag == tag), "")
    )


def _is_held(digest: object) -> bool:
    """Whether the digest is known and there is one."""
    return isinstance(digest, str) and digest != ""


def _pushed(repo_digest: str | None) -> str:
    """The address of the pushed image.

    Raises:
        ValueError: inside the output. The push was skipped because the repository held the image, and now it does not.
    """
    if not repo_digest:
        raise ValueError(
            "the repository held this image when it was first deployed, and holds it no more: somebody deleted it, or "
            "the repository was replaced. Remove the docker:index/image:Image from the state (pulumi state delete URN) "
            "and deploy again; that pushes the image"
        )
    return repo_digest


def _base(args: HandlerImageArgs, opts: pulumi.InvokeOptions) -> str | None:
    return base_image(args.context / "handlers" / "Dockerfile", opts)


def _build(args: HandlerImageArgs) -> docker.DockerBuildArgsDict:
    # The provider builds again if a path differs, so the state must not hold the paths of one machine.
    context = Path(os.path.relpath(args.context))
    return {
        "context": str(context),
        "dockerfile": str(context / "handlers" / "Dockerfile"),
        "platform": PLATFORMS[args.architecture],
        "target": build_target(args),
        "args": _build_args(args),
        # BuildKit in the engine, not buildx: buildx adds an attestation, the image becomes an index, and Lambda refuses
        # it.
        "builder_version": docker.BuilderVersion.BUILDER_BUILD_KIT,
    }


def build_target(args: HandlerImageArgs) -> str:
    """The Dockerfile's smallest target with these engines, with or without models."""
    engines = engine_set(args.engines)
    return f"baked-{engines}" if args.models_directory else engines


def build_digest(args: HandlerImageArgs) -> str:
    """Hexadecimal digest of everything that determines the image's content: settings, and files sorted by path."""
    settings = [build_target(args), args.architecture, sorted(_build_args(args).items())]
    digest = hashlib.sha256(json.dumps(settings).encode())
    directories = [Path("handlers"), *([args.models_directory] if args.models_directory else [])]
    for path in _files(args.context, directories):
        digest.update(_name_and_content(args.context, path))
    return digest.hexdigest()[:32]


def _provider_digest(args: HandlerImageArgs, build: Mapping[str, object]) -> str:
    """Digest of everything that makes the provider build and push again when it changes: the arguments, the repository,
    and the context with the files' modes. The context includes the models of other images."""
    repository = [args.kms_key_arn] if args.kms_key_arn else []
    digest = hashlib.sha256(json.dumps([build_digest(args), build, *repository], default=str).encode())
    for path in _files(args.context, CONTEXT_DIRECTORIES):
        digest.update(f"{path.stat().st_mode:o}".encode() + _name_and_content(args.context, path))
    return digest.hexdigest()[:12]


def _files(context: Path, directories: Iterable[Path]) -> list[Path]:
    """The files that a build sees in these directories of the context, and `.dockerignore`."""
    files = [path for directory in directories for path in (context / directory).rglob("*")]
    ignore = context / ".dockerignore"
    return sorted(path for path in [*files, ignore] if path.is_file() and "__pycache__" not in path.parts)


def _name_and_content(context: Path, path: Path) -> bytes:
    with path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").digest()
    return path.relative_to(context).as_posix().encode() + b"\0" + content


def _build_args(args: HandlerImageArgs) -> dict[str, str]:
    models = {"MODELS_DIR": args.models_directory.as_posix()} if args.models_directory else {}
    return models | ({"BASE_IMAGE": args.base_image} if args.base_image else {})


def _expire_untagged_images() -> dict[str, object]:
    """Rules that expire no image of a function, however old: Lambda needs the image of a version as long as the version
    may be called, and a rule cannot know which versions there are. `python -m ops images` lists the others."""
    return {
        "rules": [
            {
                "rulePriority": 1,
                "description": f"Expire images without a tag after {UNTAGGED_DAYS} day",
                "selection": {
                    "tagStatus": "untagged",
                    "countType": "sinceImagePushed",
                    "countUnit": "days",
                    "countNumber": UNTAGGED_DAYS,
                },
                "action": {"type": "expire"},
            }
        ]
    }
