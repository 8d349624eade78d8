"""What deploy time and run time agree on: environment variables, paths and limits. Standard library only."""

import re
from collections.abc import Iterable, Mapping
from typing import Literal

MODEL_STORE_URI = "MODEL_STORE_URI"
"""Environment: where the models are. `s3://bucket/prefix`, or `file:///path` for a mount or a baked directory."""

MODEL_NAMES = "MODEL_NAMES"
"""Environment: the models that a function serves or mirrors, separated by commas; exactly one for `single_model`.
`multi_model` and `model_sync` may go without: then the models are whatever the store lists, at any time."""

MODELS_AWAITED = "MODELS_AWAITED"
"""Environment, optional: `true` if no deployment puts the models of `MODEL_NAMES` into the store. A request for one
that is not published is then answered with 404, and is no failure of the function."""

LISTED_MODELS = "LISTED_MODELS"
"""Environment, optional: the models that `GET /v2/models` lists, separated by commas; by default those that the
function serves. In mode single, the function that answers for the server has it: others serve the other models."""

MODEL_CACHE_BYTES = "MODEL_CACHE_BYTES"
"""Environment, optional: bytes of loaded models that a function keeps; by default they follow from its memory."""

VERIFY_MODELS = "VERIFY_MODELS"
"""Environment, optional: `false` if models that are read where they lie, on a file system or in the image, need not be
compared with their checksums when they are loaded."""

ALLOW_MODEL_CODE = "ALLOW_MODEL_CODE"
"""Environment, optional: `true` if the function serves versions that bring code (`inference.py`), and runs it. By
default it serves no such version."""

TENSOR_PLACES = "TENSOR_PLACES"
"""Environment, optional: where requests may name tensors in S3. Each is `bucket` or `bucket/prefix`; commas separate
them."""

ASYNCHRONOUS_PLACE = "ASYNCHRONOUS_PLACE"
"""Environment, optional: where requests that are answered later are kept, and their answers: `s3://bucket/prefix`."""

ASYNCHRONOUS_QUEUE = "ASYNCHRONOUS_QUEUE"
"""Environment, optional: the URL of the SQS queue that leads such requests back to the function. Without it, the
function answers every request at once."""

ASYNCHRONOUS_PREFIX = "asynchronous"
"""Where they are in a bucket that the stack made."""

MOST_TRIES = 5
"""How often a message is handed to a function before it goes to the dead-letter queue. AWS recommends 5 or more.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"""

ANY_MODEL = "*"
"""The name, in the output `asynchronous`, of the queue for all models."""

KEPT_DAYS = 14
"""How long a request and its answer are kept: as long as a message in the dead-letter queue, which is SQS's maximum."""

CORS_ORIGINS = "CORS_ORIGINS"
"""Environment, optional: the origins whose web pages may read answers, separated by commas; `*` for all. Set where
nothing in front of the function adds CORS headers to its answers."""

CORS_CREDENTIALS = "CORS_CREDENTIALS"
"""Environment, optional: `true` if these pages may send cookies and the browser's own credentials."""

EXPOSED_HEADERS = (
    *("inference-header-content-length", "location", "preference-applied", "retry-after", "x-model-version"),
)
"""Headers of an answer that web pages of other origins may read."""

SERVES_PAGE = "SERVES_PAGE"
"""Environment, optional: `false` if there is no page for people at `/`."""

MODEL_SYNC_TARGET = "MODEL_SYNC_TARGET"
"""Environment of the sync function, optional: the directory that it keeps equal to the bucket; by default
`MOUNT_PATH`. The emulator sets it to the directory that it has in place of a file system."""

SYNC_REASON, SCHEDULED = "reason", "schedule"
"""A key of the sync function's events, and the value with which its schedule calls it."""

TENSORFLOW_LIBRARY_PATH = "TENSORFLOW_LIBRARY_PATH"
"""Environment, optional: the directory that holds the libraries `tensorflow_cc` and `tensorflow_framework`. By
default, `TENSORFLOW_DIRECTORY` if it exists, else the installed package `tensorflow`."""

TENSORFLOW_DIRECTORY = "/opt/tensorflow"
"""Where an image holds TensorFlow's two libraries."""

METRIC_NAMESPACE = "TensorFlowLambda"
"""CloudWatch namespace of the handlers' metrics."""

Metric = Literal[
    "Requests",  # count: 1 a request
    "ServerErrors",  # count: 1 if the request failed, and the caller could not have prevented it
    "ColdStarts",  # count: 1 for the first request of an environment
    "LoadFailures",  # count: 1 for each load that failed
    "LoadTime",  # milliseconds, with the fetch; only if the request began a load
    "PredictTime",  # milliseconds in the engine
]
"""The metrics that the handlers write."""

METRICS = "METRICS"
"""Environment, optional: those of `MetricSet` by which metrics are written, separated by commas. CloudWatch bills each
metric of each set, so that a function writes what something reads."""

MetricSet = Literal["function", "model", "version", "label"]
"""`label` need not be set: a request whose version a label chose has these metrics in any case, for who compares."""

METRICS_BY: Mapping[MetricSet, tuple[tuple[str, ...], tuple[Metric, ...]]] = {
    "function": (
        ("FunctionName",),
        ("Requests", "ServerErrors", "ColdStarts", "LoadFailures", "LoadTime", "PredictTime"),
    ),
    "model": (
        ("FunctionName", "Model"),
        ("Requests", "ServerErrors", "ColdStarts", "LoadFailures", "LoadTime", "PredictTime"),
    ),
    "version": (("FunctionName", "FunctionVersion"), ("ServerErrors", "LoadFailures")),
    "label": (("FunctionName", "Model", "Label", "Version"), ("Requests", "ServerErrors", "PredictTime")),
}
"""The dimensions of each set, and its metrics."""

COLD_START_HEADER = "x-cold-start"
"""Header of an answer: `1` on the first one of an environment. Other answers have none."""

SINGLE_MODEL_HANDLER = "handlers.single_model.handler"
MULTI_MODEL_HANDLER = "handlers.multi_model.handler"
MODEL_SYNC_HANDLER = "handlers.model_sync.handler"
TRAFFIC_SHIFT_HANDLER = "handlers.shift_traffic.handler"
PRUNE_VERSIONS_HANDLER = "handlers.prune_versions.handler"
"""Lambda entry points, as an image's command."""

MOUNT_ROOT = "/mnt"
"""Lambda mounts only directly under it. Where a function sees one model alone, the model's directory is mounted here
under the model's name."""

MOUNT_PATH = f"{MOUNT_ROOT}/models"
"""Where a function sees the models of a mounted file system."""

PATIENCE_SECONDS = 180
"""How long `shift_traffic` waits for grants and alarms of a deployment before it fails."""

BAKED_PATH = "/opt/models"
"""Where an image holds the models that are baked into it."""

Architecture = Literal["x86_64", "arm64"]
"""The CPU architectures that Lambda offers."""

MIB_PER_VCPU = 1769
"""Lambda gives a function one vCPU for each 1,769 MiB of its memory.
https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"""

SMALLEST_FUNCTION_MIB, LARGEST_FUNCTION_MIB = 128, 10_240
"""The least and the most memory of a function. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

FREE_EPHEMERAL_MIB = 512
"""What a function has of /tmp for nothing. https://aws.amazon.com/lambda/pricing/"""

MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
"""A model's name; match all of it. The name is part of paths, object keys, routes and IAM resources."""


def join_model_names(names: Iterable[str]) -> str:
    """The value of `MODEL_NAMES` for these models."""
    return ",".join(names)


def model_names(models: Iterable[str] | None) -> dict[str, str]:
    """The variable that names these models; for None, which stands for all, there is none."""
    return {} if models is None else {MODEL_NAMES: join_model_names(models)}


def split_model_names(value: str) -> tuple[str, ...]:
    """The models that a value of `MODEL_NAMES` lists."""
    return tuple(name for name in value.split(",") if name)
