"""What whoever deploys a stack must be allowed, by the table `permissions.toml`."""

import json
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ops.recorder import Recorder, Registered
from policy.invariants.documents import statements

FILE = Path(__file__).with_name("permissions.toml")

HANDED_ON = "PassRole"

KEY = re.compile(r"arn:[\w-]+:kms:[\w-]*:\d*:key/[\w-]+")

Actions = Mapping[str, frozenset[str]]
"""Names of actions by service, such as `GetObject` of `s3`."""

Statement = Mapping[str, Any]


@cache
def table() -> Mapping[str, Any]:
    """The table, as the file has it."""
    return tomllib.loads(FILE.read_text())


def actions(stack: Recorder) -> Actions:
    """The actions by which a stack is created, changed and deleted. Raises ValueError for a type without an entry."""
    found: dict[str, set[str]] = defaultdict(set)
    for entry in _entries(stack):
        for service, names in entry.items():
            found[service] |= set(names.split())
    return {service: frozenset(found[service]) for service in sorted(found)}


def deployer(stack: Recorder) -> Sequence[Statement]:
    """The statements of a policy for whoever deploys a stack with these settings."""
    return [statement for service, names in actions(stack).items() for statement in _of_service(service, names, stack)]


def keys(stack: Recorder) -> Sequence[str]:
    """The ARNs of the customer's keys that encrypt something of the stack."""
    inputs = [json.dumps(each.inputs, default=str) for each in stack.registered]
    return sorted({found for text in inputs for found in KEY.findall(text)})


def _entries(stack: Recorder) -> Iterator[Mapping[str, str]]:
    known = table()
    yield known["always"]
    if keys(stack):
        yield known["key"]
    for each in stack.registered:
        if each.type.startswith(("aws:", "docker:")):
            if each.type not in known["types"]:
                raise ValueError(f"{each.type}: say in {FILE.name} what is called to make, read and delete it")
            yield known["types"][each.type]
            further = known["with"].get(each.type, {})
            yield from (further[key] for key in further if each.inputs.get(key))


def _of_service(service: str, names: frozenset[str], stack: Recorder) -> Iterator[Statement]:
    places: Sequence[str] = keys(stack) if service == "kms" else table()["names"].get(service, ())
    unnamed = set(table()["unnamed"].get(service, "").split()) if places else names
    everywhere, named = names & unnamed, names - unnamed - {HANDED_ON}
    if named:
        objects = [f"{place}/*" for place in places] if service == "s3" else []
        yield _allow(service, named, [*places, *objects])
    if everywhere:
        yield _allow(service, everywhere, ["*"])
    if HANDED_ON in names:
        services = {principal for each in stack.of("aws:iam/role:Role") for principal in _trusted(each)}
        passed = {"StringEquals": {"iam:PassedToService": sorted(services)}}
        yield {**_allow(service, frozenset({HANDED_ON}), places[:1]), "Condition": passed}


def _trusted(role: Registered) -> Iterator[str]:
    for statement in statements(role.inputs["assumeRolePolicy"]):
        yield statement["Principal"]["Service"]


def _allow(service: str, names: frozenset[str], resources: Sequence[str]) -> Statement:
    return {
        "Effect": "Allow",
        "Action": [f"{service}:{name}" for name in sorted(names)],
        "Resource": list(resources),
    }
