"""A function that serves one model from a storage in a network."""

from collections.abc import Callable, Sequence

from components.function.inference_function import InferenceFunction, InferenceFunctionArgs
from components.model_source import ModelSource
from components.network.model_network import ModelNetwork, ModelNetworkArgs
from components.settings.packaged_models import PackagedModel
from components.storage.model_bucket import ModelBucket, ModelBucketArgs
from tests.recorder import IMAGE, REGION, Recorder, deploy


def serve_digits(
    models: Sequence[PackagedModel],
    mount: Callable[[ModelBucket, ModelNetwork], ModelSource],
    served: Sequence[str] | None = ("digits",),
) -> Recorder:
    """Deploy `bucket`, `net`, what `mount` makes of the two, and `digits`, which reads its models from there."""

    def program() -> None:
        bucket = ModelBucket("bucket", ModelBucketArgs(models=models))
        network = ModelNetwork("net", ModelNetworkArgs(region=REGION, bucket_arn=bucket.bucket_arn))
        arguments = InferenceFunctionArgs(
            image_uri=IMAGE,
            handler="handlers.single_model.handler",
            models=served,
            source=mount(bucket, network),
        )
        InferenceFunction("digits", arguments)

    return deploy(program)
