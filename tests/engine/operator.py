"""An operator who types the commands of a page: `pulumi` and `aws`, on a living stack of the emulated AWS."""

import json
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml
from botocore import xform_name
from botocore.validate import ParamValidator

from local.engine.results import Result
from local.engine.running import EngineRun
from local.resources.s3files import FilesFileSystem
from ops import images
from ops.orphans import orphans

TYPES = {"integer": int, "boolean": lambda text: text == "true"}
"""How the text of a command becomes a setting, by the type in Pulumi.yaml; text for all others."""

NOT_EMULATED = frozenset({"start-message-move-task"})
"""Commands that the emulated AWS has not: their options are checked, and they are not run."""

CLIENTS = {"s3api": "s3", "deploy": "codedeploy"}
"""What botocore calls a service that the command line calls otherwise."""

ORPHANS = "pulumi stack export | python -m ops orphans"
IMAGES = "pulumi stack export | python -m ops images"


def sections(page: Path) -> Iterator[tuple[str, list[str]]]:
    """The headings of a page, each with the commands below it."""
    for section in re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        heading, _, text = section.partition("\n")
        yield heading, re.findall(r"^\$ (.+)$", text, flags=re.MULTILINE)


def variables_of(page: Path, outputs: Mapping[str, Any]) -> Mapping[str, str]:
    """The variables that the first commands of a page set from a stack's outputs."""
    told = re.findall(
        r"^\$ ([A-Z]+)=\$\(pulumi stack output (\w+)(?: \| jq -r \.(\w+))?\)$",
        page.read_text(encoding="utf-8").partition("\n## ")[0],
        flags=re.MULTILINE,
    )
    return {name: outputs[output][key] if key else outputs[output] for name, output, key in told}


class Operator:
    """Types commands. Raises AssertionError where one fails."""

    def __init__(self, run: EngineRun, project: Path, variables: Mapping[str, str]) -> None:
        """`project`: where relative paths of the commands start. `variables`: what `$NAME` stands for."""
        self._run, self._project, self._variables = run, project, variables
        schema = yaml.safe_load((run.account.project / "Pulumi.yaml").read_text(encoding="utf-8"))["config"]
        self._types = {key: entry["type"] for key, entry in schema.items()}
        self._changed: dict[str, Any] = {}

    def types(self, command: str) -> Result | None:
        """Run one command; what the engine did, if it was asked."""
        if command == ORPHANS:
            assert orphans(self._run.stack.exported(), self._run.account.client) == []
            return None
        if command == IMAGES:
            assert images.unused(self._run.stack.exported(), self._run.account.client) == []
            return None
        words = [re.sub(r"\$([A-Z]+)", lambda name: self._variables[name[1]], word) for word in shlex.split(command)]
        if words[0] == "pulumi":
            return self._pulumi(*words[1:])
        assert words[0] == "aws", command
        if words[1:3] == ["s3", "cp"]:
            self._copy(words[3:])
        elif words[1:3] == ["s3", "sync"]:
            self._sync(*words[3:])
        elif words[1:3] == ["s3", "rb"]:
            self._run.account.client("s3").delete_bucket(Bucket=words[3].removeprefix("s3://"))
        else:
            self._call(words[1], words[2], words[3:])
        return None

    def _pulumi(self, verb: str, *words: str) -> Result | None:
        if verb == "config":
            assert words[0] in ("set", "rm")
            text = words[2] if words[0] == "set" else ""
            self._changed[words[1]] = TYPES.get(self._types[words[1]], str)(text)
            return None
        if verb == "cancel":
            return None  # nothing was killed here; tests/engine/test_kills.py cancels
        if verb == "stack":
            assert words == ("rm", "--force", "--preserve-config")
            self._run.stack.forget()
            return None
        result = self._operation(verb, *words)(self._changed)
        assert result.succeeded, (verb, result.errors)
        return result

    def _operation(self, verb: str, *options: str) -> Callable[[Mapping[str, Any]], Result]:
        """What a verb of `pulumi` does with these options."""
        stack = self._run.stack
        named: Mapping[tuple[str, ...], Callable[[Mapping[str, Any]], Result]] = {
            ("preview",): stack.preview,
            ("up",): stack.up,
            ("refresh",): stack.refresh,
            ("refresh", "--clear-pending-creates"): stack.recover,
            ("destroy",): stack.destroy,
            ("destroy", "--exclude-protected"): partial(stack.destroy, exclude_protected=True),
        }
        return named[verb, *options]

    def _copy(self, words: list[str]) -> None:
        named = dict(pairwise(words))
        source, target = [word for word in words if "/" in word and word != named.get("--content-type")]
        bucket, _, key = target.removeprefix("s3://").partition("/")
        path = self._project / source
        files = [each for each in path.rglob("*") if each.is_file()] if "--recursive" in words else [path]
        for file in files:
            if file.name != named.get("--exclude"):
                place = f"{key}/{file.relative_to(path).as_posix()}" if file != path else key
                self._run.account.client("s3").upload_file(str(file), bucket, place)

    def _sync(self, source: str, target: str) -> None:
        source, prefix = source.removeprefix("s3://").split("/", 1)
        s3 = self._run.account.client("s3")
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=source, Prefix=f"{prefix}/"):
            for key in [each["Key"] for each in page.get("Contents", ())]:
                if target.startswith("s3://"):
                    bucket, into = target.removeprefix("s3://").split("/", 1)
                    s3.copy({"Bucket": source, "Key": key}, bucket, into + key.removeprefix(prefix))
                else:
                    file = self._project / target / key.removeprefix(f"{prefix}/")
                    file.parent.mkdir(parents=True, exist_ok=True)
                    s3.download_file(source, key, str(file))

    def _call(self, service: str, operation: str, words: list[str]) -> None:
        client = self._run.account.client(CLIENTS.get(service, service))
        model = client.meta.service_model.operation_model(
            client.meta.method_to_api_mapping[xform_name(operation, "_").replace("-", "_")]
        )
        members = {xform_name(name, "-"): (name, shape) for name, shape in model.input_shape.members.items()}
        arguments: dict[str, Any] = {}
        for option, values in options_of(words):
            name, shape = members[option]
            arguments[name] = self._argument(values, shape.type_name)
        assert not ParamValidator().validate(arguments, model.input_shape).has_errors()
        if (service, operation) == ("s3files", "delete-file-system"):
            bucket = client.get_file_system(**arguments)["bucket"]
            FilesFileSystem(self._run.account).remove(arguments["fileSystemId"], {"bucket": bucket})
        elif operation not in NOT_EMULATED:
            getattr(client, operation.replace("-", "_"))(**arguments)
            if operation.startswith("delete-"):
                self._give_back_interfaces(arguments.values())

    def _give_back_interfaces(self, deleted: Iterable[Any]) -> None:
        """What a function or a mount target had in a VPC: AWS takes it away whoever deletes them, and the emulated AWS
        where the provider does."""
        for each in deleted:
            for name in each if isinstance(each, list) else [each]:
                self._run.account.interfaces.detach(name)
                self._run.account.interfaces.disown(name)

    def _argument(self, values: list[str], type_name: str) -> Any:
        """An option's value: JSON or `Key=value,…` for a structure, a file's content for a blob, none for a flag."""
        if type_name == "list":
            return values
        if type_name == "boolean":
            assert values == []
            return True
        [text] = values
        if type_name == "integer":
            return int(text)
        if type_name == "blob":
            return (self._project / text).read_bytes()
        if type_name != "structure":
            return text
        if text.startswith("{"):
            return json.loads(text)
        return {name: value == "true" if value in ("true", "false") else value for name, value in _pairs(text)}


def options_of(words: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Each option with the values that follow it."""
    starts = [index for index, word in enumerate(words) if word.startswith("--")]
    assert not words or words[0].startswith("--"), words
    for start, end in pairwise([*starts, len(words)]):
        yield words[start].removeprefix("--"), list(words[start + 1 : end])


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for each in text.split(","):
        name, _, value = each.partition("=")
        yield name, value
