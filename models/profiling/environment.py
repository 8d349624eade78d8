"""The environment of a process that runs as a function's."""

import os
from collections.abc import Mapping

from handlers.contract import MIB_PER_VCPU
from models.places import PROJECT

MEMORY_MIB = 2 * MIB_PER_VCPU
"""The memory that a function reads in its environment: that of two virtual processors."""
LAMBDA_VARIABLES: Mapping[str, str] = {
    "AWS_REGION": "us-east-1",
    "AWS_LAMBDA_FUNCTION_NAME": "benchmark",
    "AWS_LAMBDA_FUNCTION_VERSION": "1",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(MEMORY_MIB),
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
"""Variables that Lambda or the image sets, in a container and in a process."""


def function_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a function's process: what Lambda and the image set, and the function's variables."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(PROJECT),
        "LAMBDA_TASK_ROOT": str(PROJECT),
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "OPENBLAS_NUM_THREADS": "1",
        **LAMBDA_VARIABLES,
        **variables,
    }
