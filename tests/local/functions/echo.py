"""Returns its event and its surroundings."""

import os
import tempfile
from pathlib import Path

CALLS = 0


def handler(event, context):
    global CALLS
    CALLS += 1
    print(f"call {CALLS}")  # noqa: T201 it is the log that is tested
    before = sorted(path.name for path in Path(tempfile.gettempdir()).iterdir())
    (Path(tempfile.gettempdir()) / f"call-{CALLS}").touch()
    return {
        "event": event,
        "calls": CALLS,
        "pid": os.getpid(),
        "tmp": tempfile.gettempdir(),
        "tmp_before": before,
        "request_id": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "remaining_ms": context.get_remaining_time_in_millis(),
        "memory": context.memory_limit_in_mb,
        "function_name": context.function_name,
        "log_stream": context.log_stream_name,
        "trace_id": os.environ["_X_AMZN_TRACE_ID"],
        "environment": {name: os.environ.get(name) for name in ("GREETING", "AWS_ENDPOINT_URL", "MODEL_STORE_URI")},
    }
