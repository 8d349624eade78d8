"""What an interruption left in the emulated account: whether the list of orphans has it, and its removal.

Held against the account are the kinds that `left_over` looks at.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local.engine.running import EngineRun
from local.resources.account import EmulatedAccount
from ops.exported_state import resources_of
from ops.orphans import Orphan, orphans
from tests.engine.operator import Operator
from tests.engine.test_shapes import left_over

IDS = (
    *("FunctionName", "RoleName", "ApiId", "logGroupName", "repositoryName", "FileSystemId", "fileSystemId", "VpcId"),
    "Name",
)
"""The key of the id of what an account holds, in this order: some have a name beside it."""

OF_LAMBDA = "interfaces"
"""What Lambda makes, and takes away by itself."""

FOLLOWER = "s3files-"
"""How the name of the function begins by which the emulated S3 Files hears of a bucket's events; its file system's id
follows."""


def unlisted(account: EmulatedAccount, state: Mapping[str, Any], found: Sequence[Orphan]) -> list[str]:
    """What the account holds that is neither in an exported state nor among these orphans."""
    owned = {text for each in resources_of(state) for text in (each.get("id"), (each.get("outputs") or {}).get("name"))}
    listed = tuple(orphan.arn.removesuffix(":*") for orphan in found)
    named = [
        _named(kind, each) for kind, entries in left_over(account).items() if kind != OF_LAMBDA for each in entries
    ]
    of_files = [name.removeprefix("/aws/lambda/").removeprefix(FOLLOWER) for _, name in named]
    return [
        f"{kind} {name}"
        for (kind, name), of in zip(named, of_files, strict=True)
        if not {name, of} & owned and not _ends(listed, name) and not _ends(listed, of)
    ]


def remove_orphans(run: EngineRun, directory: Path) -> list[Orphan]:
    """Type the commands that are listed, as often as more of them are taken: AWS refuses what is in use. Those orphans
    that stay."""
    operator = Operator(run, directory, {})
    found, before = _orphans(run), None
    while found and found != before:
        for command in _commands(found):
            try:
                operator.types(command)
            except ClientError:
                continue
        found, before = _orphans(run), found
    return found


def _ends(arns: Iterable[str], name: str) -> bool:
    return any(arn.endswith((f":{name}", f"/{name}")) for arn in arns)


def _orphans(run: EngineRun) -> list[Orphan]:
    return orphans(run.stack.exported(), run.account.client)


def _commands(found: Sequence[Orphan]) -> Iterator[str]:
    return (command for orphan in found for command in orphan.commands)


def _named(kind: str, each: Any) -> tuple[str, str]:
    """What the account holds, by its kind and its id or name. Raises LookupError."""
    if isinstance(each, str):
        return kind, each.rpartition("/")[2]  # a queue's URL, with its name at the end
    for key in IDS:
        if key in each:
            return kind, str(each[key])
    raise LookupError(f"{kind}: {each} has no id that is known here; add its key to IDS")
