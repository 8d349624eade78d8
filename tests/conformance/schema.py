"""Generated requests against `/openapi.json` of a deployed stack.

    python -m tests.conformance.schema [--requests 20000] [--api http] [--mode multi] [--seed 0]

Ends with 1 if a request is answered with 500 or more, or with a status that the document does not name.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, get_args

from components.settings.api_settings import ApiKind
from local.shapes import Mode
from tests.environments import python_of
from tests.paths import PROJECT
from tests.ways_in import stack_behind


def ask(url: str, requests: int, seed: int = 0) -> Mapping[str, Any]:
    """What schemathesis found: how many requests were `sent`, with which `statuses`, and what was `wrong`."""
    script = PROJECT / "tests" / "conformance" / "asking_schemathesis.py"
    command = [str(python_of("schemathesis")), "-P", str(script), url, str(requests), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-4000:])
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Ask a stack of two sample models."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--api", choices=get_args(ApiKind), default="http")
    parser.add_argument("--mode", choices=get_args(Mode), default="multi")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    repository = PROJECT / "build" / "repository"
    with stack_behind(given.api, repository, mode=given.mode, models=["iris", "digits"], timeoutSeconds=28) as stack:
        found = ask(stack.api_url, given.requests, given.seed)
    print(f"{found['sent']} requests of {found['operations']} operations: {found['statuses']}")
    print("\n".join(found["wrong"][:20]))
    sys.exit(1 if found["wrong"] else 0)


if __name__ == "__main__":
    main()
