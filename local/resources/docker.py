"""docker.Image: the handlers' image, which the emulated ECR keeps by its digest; and the registry of its base."""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from local.resources.account import EmulatedAccount
from local.resources.resource_type import Call, Inputs, ResourceType

MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"


class Image(ResourceType):
    """docker.Image: built where the workers are containers; else the files that would go in stand for it.

    Nothing is deleted with the resource, as with the real provider: what was pushed stays in its repository.
    """

    pulumi_type = "docker:index/image:Image"
    computed = ("baseImageName", "registryServer", "repoDigest")
    takes_time = True

    def make(self, inputs: Inputs) -> str:
        digest = self._build(inputs)
        self._keep(digest, inputs, digest)
        return digest

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        return {
            "baseImageName": known["imageName"],
            "registryServer": known["imageName"].split("/")[0],
            **(self.account.ledger.get(self.pulumi_type, resource_id) or {}),
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        self._keep(resource_id, new, self._build(new))

    def remove(self, resource_id: str, known: Inputs) -> None:
        pass

    def _keep(self, resource_id: str, inputs: Inputs, digest: str) -> None:
        pushed = "" if inputs.get("skipPush") else f"{_repository(inputs)}@{digest}"
        self.account.ledger.put(self.pulumi_type, resource_id, {"repoDigest": pushed})

    def _build(self, inputs: Inputs) -> str:
        account, build = self.account, inputs["build"]
        arguments = build.get("args", {})
        models = arguments.get("MODELS_DIR")
        if account.containers:
            base = arguments.get("BASE_IMAGE", "").partition("@")[0] or None  # the digest is made up
            digest = account.containers.build(
                account.project, build["target"], base_image=base, models_directory=models
            )
        else:
            digest = self._stand_in(_repository(inputs), build, models)
        if not inputs.get("skipPush"):
            self._push(inputs["imageName"], digest)
        return digest

    def _stand_in(self, repository: str, build: Inputs, models: str | None) -> str:
        """An image for workers that run the sources: its digest is that of the files that would go in and of how it
        would be built, and the models among them are kept as they are now, for no later build changes an image."""
        account = self.account
        files = [account.project / "handlers"]
        if models:
            files.append(account.guard.directory("tensorflow-lambda-image-") / "models")
            shutil.copytree(account.project / models, files[-1])
        how = [build.get("platform"), build.get("target"), sorted(build.get("args", {}).items())]
        digest = f"sha256:{_digest_of(json.dumps(how), files)}"
        if models:
            account.baked[f"{repository}@{digest}"] = files[-1]
        return digest

    def _push(self, name: str, digest: str) -> None:
        """Raises botocore's ClientError where a tag is there and may not move."""
        repository, _, tag = name.partition("/")[2].partition(":")
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": {"digest": digest}, "layers": []}
        held = self.client("ecr").list_images(repositoryName=repository)["imageIds"]
        if {"imageTag": tag, "imageDigest": digest} not in held:
            self.client("ecr").put_image(
                repositoryName=repository,
                imageManifest=json.dumps(manifest),
                imageManifestMediaType=MANIFEST_TYPE,
                imageTag=tag,
                imageDigest=digest,
            )


def _repository(inputs: Inputs) -> str:
    """The image's name without its tag."""
    host, _, name = str(inputs["imageName"]).rpartition("/")
    return f"{host}/{name.split(':')[0]}"


def _digest_of(how: str, directories: Sequence[Path]) -> str:
    digest = hashlib.sha256(how.encode())
    for directory in directories:
        for path in sorted(directory.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(path.relative_to(directory).as_posix().encode() + b"\0")
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def get_registry_image(account: EmulatedAccount, arguments: dict[str, Any]) -> dict[str, Any]:
    """docker.get_registry_image. The digest follows from the name and from how often the image was updated."""
    name = str(arguments["name"])
    updated = hashlib.sha256(f"{name} {account.base_updates}".encode()).hexdigest()
    return {**arguments, "id": f"sha256:{updated}", "sha256Digest": f"sha256:{updated}"}


TYPES = (Image,)
FUNCTIONS: Mapping[str, Call] = {"docker:index/getRegistryImage:getRegistryImage": get_registry_image}
