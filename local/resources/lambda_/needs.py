"""What a function's role must be allowed, so that an environment of it can start and read its models."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from handlers.contract import ASYNCHRONOUS_PLACE, ASYNCHRONOUS_QUEUE, MODEL_NAMES, MODEL_STORE_URI, split_model_names
from handlers.manifest import POINTER_FILE
from local.resources.account import EmulatedAccount
from local.role_permissions import Need

ANY_MODEL = "a-model"
"""Stands for whatever model a caller asks for, where the function was given none by name."""


def needs(account: EmulatedAccount, inputs: Mapping[str, Any]) -> Iterator[Need]:
    """The needs of a function with these inputs: for its environment, its mount and its bucket."""
    if key := inputs.get("kmsKeyArn"):
        # arn:aws:kms:REGION:ACCOUNT:key/ID
        through = {"kms:ViaService": f"lambda.{key.split(':')[3]}.amazonaws.com"}
        yield Need(action="kms:Decrypt", resource=key, context=through)
    if mount := inputs.get("fileSystemConfig"):
        yield _mount(account, mount["arn"])
        if ":s3files:" in mount["arn"]:
            yield _probe(account, mount["arn"])
    variables = inputs.get("environment", {}).get("variables", {})
    if place := variables.get(ASYNCHRONOUS_PLACE):
        [model, *_] = split_model_names(variables.get(MODEL_NAMES, "")) or (ANY_MODEL,)
        yield from _later(account, f"{place.removeprefix('s3://')}/{model}", variables[ASYNCHRONOUS_QUEUE])
    store = urlsplit(variables.get(MODEL_STORE_URI, ""))
    if store.scheme == "s3":
        yield from _bucket(store.netloc, store.path.strip("/"), split_model_names(variables.get(MODEL_NAMES, "")))


def _later(account: EmulatedAccount, place: str, queue: str) -> Iterator[Need]:
    """To keep requests and answers, and to send messages."""
    for action in ("s3:GetObject", "s3:PutObject"):
        yield Need(action=action, resource=f"arn:aws:s3:::{place}/requests/id")
    arn = f"arn:aws:sqs:{account.region}:{account.account_id}:{queue.rpartition('/')[2]}"
    for action in ("sqs:SendMessage", "sqs:ChangeMessageVisibility"):
        yield Need(action=action, resource=arn)


def _mount(account: EmulatedAccount, access_point: str) -> Need:
    # arn:aws:elasticfilesystem:REGION:ACCOUNT:access-point/ID, and arn:aws:s3files:REGION:ACCOUNT:file-system/ID/...
    service = access_point.split(":")[2]
    return Need(
        action=f"{service}:ClientMount",
        resource=":".join([*access_point.split(":")[:5], f"file-system/{account.file_systems.holder(access_point)}"]),
        context={f"{service}:AccessPointArn": access_point},
    )


def _probe(account: EmulatedAccount, access_point: str) -> Need:
    """What S3 Files' client asks of the bucket before it reads from it directly."""
    file_system = account.client("s3files").get_file_system(fileSystemId=account.file_systems.holder(access_point))
    return Need(
        action="s3:ListBucket", resource=file_system["bucket"], context={"s3:prefix": file_system.get("prefix", "")}
    )


def _bucket(bucket: str, prefix: str, models: tuple[str, ...]) -> Iterator[Need]:
    """To read each model's pointer and to list its versions; without given models, to list the models, too."""
    arn = f"arn:aws:s3:::{bucket}"
    for model in models or (ANY_MODEL,):
        yield Need(action="s3:GetObject", resource=f"{arn}/{prefix}/{model}/{POINTER_FILE}")
        yield Need(action="s3:ListBucket", resource=arn, context={"s3:prefix": f"{prefix}/{model}/"})
    if not models:
        yield Need(action="s3:ListBucket", resource=arn, context={"s3:prefix": f"{prefix}/"})
