"""A function that serves one model from a storage in a network."""

from collections.abc import Callable, Sequence
from typing import Any

from components.function.inference_function import InferenceFunction, InferenceFunctionArgs
from components.model_source import ModelSource
from components.network.model_network import ModelNetwork, ModelNetworkArgs
from components.settings.packaged_models import PackagedModel
from components.storage.model_bucket import ModelBucket, ModelBucketArgs
from tests.recorder import IMAGE, REGION, Recorder, Registered, deploy


def assert_every_subnet_has_one(targets: Sequence[Registered]) -> None:
    """Assert that there is a mount target in each subnet of `net`, behind its group for mount targets."""
    assert {each.inputs["subnetId"] for each in targets} == {f"net-{REGION}a-id", f"net-{REGION}b-id"}
    assert all(each.inputs["securityGroups"] == ["net-mount-targets-id"] for each in targets)


def serve_digits(
    models: Sequence[PackagedModel],
    name: str,
    storage: Callable[..., ModelSource],
    storage_args: Callable[..., Any],
    /,
    *,
    served: Sequence[str] | None = ("digits",),
    bucket_key: str | None = None,
    **options: Any,
) -> Recorder:
    """Deploy `bucket`, `net`, a storage of the two with these options, and `digits`, which reads its models from it.

    The bucket has the key `bucket_key`; None for the storage's.
    """

    key = bucket_key or options.get("kms_key_arn")

    def program() -> None:
        bucket = ModelBucket("bucket", ModelBucketArgs(models=models, kms_key_arn=key))
        network = ModelNetwork("net", ModelNetworkArgs(region=REGION, bucket_arn=bucket.bucket_arn, is_filled=True))
        arguments = InferenceFunctionArgs(
            image_uri=IMAGE,
            handler="handlers.single_model.handler",
            models=served,
            source=storage(name, storage_args(bucket=bucket, network=network, **options)),
        )
        InferenceFunction("digits", arguments)

    return deploy(program)
