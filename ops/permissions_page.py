"""docs/permissions.md: who needs which permissions: deployers, publishers, callers, and the key's users."""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from string import Template

from ops import grants
from ops.example_stacks import Examples
from ops.permissions import Actions, actions, deployer
from ops.recorded_aws import ACCOUNT, REGION
from ops.recorder import Recorder
from ops.storages import storages
from policy.invariants.documents import listed

FILE = Path("docs/permissions.md")
TEMPLATE = Path(__file__).with_name("permissions_template.md")

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/KEY"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"
DOMAIN = {
    "domainName": "models.example.com",
    "certificateArn": f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/0a",
    "hostedZoneId": "Z0",
}

ADDITIONS: Sequence[Mapping[str, object]] = (
    {"api": "rest"},
    {"api": "rest", "apiKeyRequired": True},
    {"api": "rest", "webAclArn": f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/front/0a"},
    DOMAIN,
    {"monitoring": True, "alarmsTopicArn": TOPIC},
    {"monitoring": True, "delivery": "canary10Percent5Minutes"},
    {"provisionedConcurrency": 1, "provisionedConcurrencyMaximum": 2},
    {"kmsKeyArn": KEY},
)
"""Settings that add to what a deployer needs."""


def document(project: Path) -> str:
    """The whole page. Raises ValueError if `permissions.toml` lacks a type that a stack has."""
    with tempfile.TemporaryDirectory() as directory:
        examples = Examples(project, Path(directory))
        parts = {"deployers": _deployers(examples), "additions": _additions(examples), "key_roles": _roles(examples)}
        filled = {name: "\n".join(lines) for name, lines in parts.items()}
    return Template(TEMPLATE.read_text()).substitute(filled)


def _deployers(examples: Examples) -> Iterator[str]:
    for storage in storages():
        policy = {"Version": "2012-10-17", "Statement": deployer(examples.stack({"storage": storage}))}
        size = len(json.dumps(policy, separators=(",", ":")))
        yield f"### `storage: {storage}`"
        yield ""
        yield f"{size:,} characters."
        yield ""
        yield "```json"
        yield json.dumps(policy, indent=2)
        yield "```"
        yield ""


def _additions(examples: Examples) -> Iterator[str]:
    base = actions(examples.stack({}))
    for settings in ADDITIONS:
        title = ", ".join(f"`{key}: {_text(value)}`" for key, value in settings.items())
        yield f"| {title} | {_further(base, actions(examples.stack(settings))) or 'none'} |"


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else "…" if str(value).startswith("arn:") else str(value)


def _further(base: Actions, more: Actions) -> str:
    added = {service: sorted(names - base.get(service, frozenset())) for service, names in more.items()}
    return "; ".join(f"{service}: {', '.join(names)}" for service, names in added.items() if names)


def _roles(examples: Examples) -> Iterator[str]:
    """The rows of the stack's own roles, each once."""
    rows: dict[str, list[str]] = {}
    for storage in storages():
        for row in _rows_of(examples.stack({"storage": storage, "kmsKeyArn": KEY})):
            rows.setdefault(row, []).append(f"`{storage}`")
    for row, found in rows.items():
        where = "" if len(found) == len(storages()) else f"with storage {' or '.join(found)}, "
        yield f"| {where}{row} |"


def _rows_of(stack: Recorder) -> Iterator[str]:
    for policy in grants.policies(stack):
        for statement in policy.statements:
            if listed(statement.get("Resource")) == [KEY]:
                names = ", ".join(name.removeprefix("kms:") for name in listed(statement["Action"]))
                conditions = ", ".join(
                    f"`{key}` is {' or '.join(f'`{value}`' for value in listed(values))}"
                    for compared in statement["Condition"].values()
                    for key, values in compared.items()
                )
                yield f"the role `{policy.owner}` | {names} | {conditions}"
