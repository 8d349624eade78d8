"""Requests that schemathesis makes of an OpenAPI document, against one stack. Runs in an environment of its own.

    python asking_schemathesis.py URL REQUESTS SEED

Half of the requests of each operation follow the document, and half break it. Prints how many were sent, with which
statuses they were answered, and what must not be: a status of 500 or more, or one that the document does not name.
"""

import itertools
import json
import sys
from collections import Counter
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from openapi_spec_validator import validate
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import status_code_conformance

CHECKS = (not_a_server_error, status_code_conformance)
MODES = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)


def ask(url: str, operation: Any, mode: Any, requests: int, chosen: int, statuses: Counter[str]) -> list[str]:
    """What is wrong with the answers to generated requests of one operation."""
    wrong: list[str] = []

    @seed(chosen)
    @settings(
        max_examples=requests,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        response = case.call(base_url=url, timeout=60)
        statuses[str(response.status_code)] += 1
        try:
            case.validate_response(response, checks=CHECKS)
        except FailureGroup as error:
            wrong.append(f"{operation.label}: {response.status_code} to {case.as_curl_command()}: {error}")

    send()
    return wrong


def main(url: str, requests: str, chosen: str) -> None:
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    validate(schema.raw_schema, base_uri=f"{url}/openapi.json")  # it may refer to further documents beside it
    operations = [each.ok() for each in schema.get_all_operations()]
    statuses: Counter[str] = Counter()
    wrong: list[str] = []
    varied = [(operation, mode) for operation in operations for mode in MODES if operation.body]
    for operation in operations:
        if not operation.body:  # nothing to choose: one request is all there is
            wrong += ask(url, operation, MODES[0], 1, int(chosen), statuses)
    for number in itertools.count():
        # Some documents allow few requests, so that the others are asked for more.
        share = -(-(int(requests) - statuses.total()) // len(varied))
        if share <= 0:
            break
        for operation, mode in varied:
            wrong += ask(url, operation, mode, share, int(chosen) + number, statuses)
    found = {"sent": statuses.total(), "statuses": dict(statuses), "operations": len(operations), "wrong": wrong}
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
