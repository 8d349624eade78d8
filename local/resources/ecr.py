"""ECR, and the image that would be pushed to it."""

import base64
import hashlib
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from local.resources.account import EmulatedAccount
from local.resources.created import Call, Create, Created


def repository(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.ecr.Repository"""
    name = account.physical_name(inputs, name)
    answer = account.client("ecr").create_repository(
        repositoryName=name, imageTagMutability=inputs.get("imageTagMutability", "MUTABLE")
    )["repository"]
    return Created(
        name,
        {
            "name": name,
            "arn": answer["repositoryArn"],
            "registryId": answer["registryId"],
            "repositoryUrl": answer["repositoryUri"],
        },
    )


def lifecycle_policy(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.ecr.LifecyclePolicy"""
    account.client("ecr").put_lifecycle_policy(
        repositoryName=inputs["repository"], lifecyclePolicyText=inputs["policy"]
    )
    return Created(inputs["repository"], {"registryId": account.account_id})


def image(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """docker.Image: nothing is built, for the workers run the sources. Its digest is that of the files that go in, and
    the models among them are kept as they are now: no later build changes an image."""
    reference = str(inputs["imageName"])
    repository = reference.rsplit("/", 1)[0] + "/" + reference.rsplit("/", 1)[-1].split(":")[0]
    files = [account.project / "handlers"]
    models = inputs["build"].get("args", {}).get("MODELS_DIR")
    if models:
        kept = account.guard.directory("tensorflow-lambda-image-") / "models"
        shutil.copytree(account.project / models, kept)
        files.append(kept)
    digest = f"sha256:{_digest_of(files)}"
    if models:
        account.baked[f"{repository}@{digest}"] = files[-1]
    return Created(
        digest,
        {
            "repoDigest": f"{repository}@{digest}",
            "baseImageName": reference,
            "registryServer": repository.split("/")[0],
            "imageName": reference,
        },
    )


def get_authorization_token(account: EmulatedAccount, arguments: dict[str, Any]) -> dict[str, Any]:
    """aws.ecr.get_authorization_token"""
    data = account.client("ecr").get_authorization_token()["authorizationData"][0]
    user, password = base64.b64decode(data["authorizationToken"]).decode().split(":", 1)
    return {
        "id": account.region,
        "authorizationToken": data["authorizationToken"],
        "expiresAt": str(data["expiresAt"]),
        "proxyEndpoint": data["proxyEndpoint"],
        "userName": user,
        "password": password,
        "registryId": account.account_id,
    }


def _digest_of(directories: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for directory in directories:
        for path in sorted(directory.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(path.relative_to(directory).as_posix().encode() + b"\0")
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


RESOURCES: Mapping[str, Create] = {
    "aws:ecr/repository:Repository": repository,
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": lifecycle_policy,
    "docker:index/image:Image": image,
}

CALLS: Mapping[str, Call] = {
    "aws:ecr/getAuthorizationToken:getAuthorizationToken": get_authorization_token,
}
