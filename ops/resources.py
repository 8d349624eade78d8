"""docs/resources.md: what each shape of stack creates, costs while idle, and leaves behind when it is destroyed.

The text follows from what the program registers for two example models and for three, so that it says what grows with
the number of models.
"""

import json
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ops import costs
from ops.diagrams import diagram
from ops.example_models import package
from ops.program import record_with
from ops.recorder import Recorder

FILE = Path("docs/resources.md")
TYPES = Path(__file__).with_name("resource_types.toml")

STORAGES: Mapping[str, str] = {
    "s3": "a bucket that functions fetch from",
    "efs": "an EFS file system that functions mount",
    "s3files": "the bucket itself, mounted",
    "image": "the functions' container image",
}
MODES = ("multi", "single")
EXAMPLES = ("digits", "iris", "wine")
FEWER, MORE = 2, 3
"""How many example models are deployed, to tell what is there once from what is there for each model."""

ADDITIONS: Mapping[str, Mapping[str, object]] = {
    "`monitoring: true`": {"monitoring": True},
    "`delivery: canary10Percent5Minutes`, with monitoring": {
        "monitoring": True,
        "delivery": "canary10Percent5Minutes",
    },
    "`provisionedConcurrency: 1`": {"provisionedConcurrency": 1},
    "`provisionedConcurrency: 1`, `architecture: arm64`": {"provisionedConcurrency": 1, "architecture": "arm64"},
    "`snapStart: true`": {"snapStart": True},
    "`storage: efs`, `efsThroughput: provisioned`, `efsProvisionedMibps: 10`": {
        "storage": "efs",
        "efsThroughput": "provisioned",
        "efsProvisionedMibps": 10,
    },
    "`storage: efs`, `interfaceEndpoints: [kms]`": {"storage": "efs", "interfaceEndpoints": ["kms"]},
    "`api: rest`": {"api": "rest"},
}
"""Settings that add to what an idle stack creates or costs."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A storage in a mode, deployed with fewer and with more models."""

    fewer: Recorder
    more: Recorder

    def counts(self) -> dict[str, str]:
        """How many of each type there are, in words."""
        few, many = count(self.fewer), count(self.more)
        return {type_: _in_words(few[type_], many[type_]) for type_ in many}


class Examples:
    """The program recorded with example models, in a repository that lives as long as this."""

    def __init__(self, project: Path, root: Path) -> None:
        self._project, self._root = project, root
        self._made: dict[str, Recorder] = {}
        for model in EXAMPLES:
            package(root, model)

    def stack(self, settings: Mapping[str, object], models: int = FEWER) -> Recorder:
        """The stack of the first so many example models with these settings."""
        values = {"modelRepository": str(self._root), "models": list(EXAMPLES[:models]), **settings}
        config = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
        asked = json.dumps(config, sort_keys=True)
        if asked not in self._made:
            self._made[asked] = record_with(self._project, config, "example")
        return self._made[asked]

    def shape(self, storage: str, mode: str) -> Shape:
        """A storage in a mode."""
        settings = {"storage": storage, "mode": mode}
        return Shape(fewer=self.stack(settings, FEWER), more=self.stack(settings, MORE))


def document(project: Path) -> str:
    """The whole of docs/resources.md."""
    with tempfile.TemporaryDirectory() as directory:
        examples = Examples(project, Path(directory))
        lines = [*_introduction(), *_overview(examples)]
        for storage, what in STORAGES.items():
            lines += _section(storage, what, {mode: examples.shape(storage, mode) for mode in MODES}, examples)
        lines += _additions(examples)
    return "\n".join([*lines, *_prices()]) + "\n"


def count(stack: Recorder) -> Counter[str]:
    """How many resources of each type a stack has, those that only group others left out."""
    return Counter(each.type for each in stack.registered if not each.type.startswith("tensorflow-lambda:"))


def descriptions() -> Mapping[str, Mapping[str, str]]:
    """Name and purpose of every type, in the order in which they are listed."""
    return tomllib.loads(TYPES.read_text())


def _introduction() -> Iterator[str]:
    yield "# What a stack creates"
    yield ""
    yield "Written by `make resources` from what the program registers; a test fails when it is out of date."
    yield ""


def _overview(examples: Examples) -> Iterator[str]:
    prices = costs.price_list()
    yield f"| `storage` | resources, multi | resources, single | idle, a month ({prices.region}) |"
    yield "| --- | --- | --- | --- |"
    for storage in STORAGES:
        stacks = [examples.stack({"storage": storage, "mode": mode}) for mode in MODES]
        totals = " | ".join(str(count(stack).total()) for stack in stacks)
        yield f"| [`{storage}`](#{storage}) | {totals} | {_idle(stacks[0])} |"
    yield ""
    yield f"With {FEWER} models and every other setting at its default. Nobody calling costs nothing by time: what is"
    yield "billed is what is stored."
    yield ""


def _section(storage: str, what: str, shapes: Mapping[str, Shape], examples: Examples) -> Iterator[str]:
    yield f"## {storage}"
    yield ""
    yield f"`storage: {storage}`: {what}."
    yield ""
    for mode, shape in shapes.items():
        yield f"`mode: {mode}`"
        yield ""
        yield diagram(shape.fewer, mode)
        yield ""
    yield from _table(shapes)
    yield ""
    yield f"**Idle** it costs {_idle(shapes['multi'].fewer)} a month, in either mode."
    yield ""
    yield from _destruction(shapes["multi"].fewer, examples.stack({"storage": storage, "deleteModelsOnDestroy": True}))
    yield ""


def _table(shapes: Mapping[str, Shape]) -> Iterator[str]:
    counts = {mode: shape.counts() for mode, shape in shapes.items()}
    described = descriptions()
    present = set().union(*counts.values())
    if unknown := sorted(present - set(described)):
        raise ValueError(f"{', '.join(unknown)}: say in {TYPES.name} what it is for")
    yield f"| resource | {' | '.join(counts)} | what for |"
    yield f"| --- |{' --- |' * len(counts)} --- |"
    for type_, about in described.items():
        if type_ in present:
            numbers = " | ".join(counts[mode].get(type_, "0") for mode in counts)
            yield f"| {about['name']} | {numbers} | {about['why']} |"


def _in_words(few: int, many: int) -> str:
    """`2 + 1 a model`, from how many there are with fewer and with more models."""
    each = (many - few) // (MORE - FEWER)
    always = few - each * FEWER
    if each == 0:
        return str(always)
    return f"{each} a model" if always == 0 else f"{always} + {each} a model"


def _usd(amount: float) -> str:
    """Dollars with as many decimals as they need, and two at least."""
    whole, _, decimals = f"{amount:.10f}".partition(".")
    return f"${whole}.{decimals.rstrip('0').ljust(2, '0')}"


def _idle(stack: Recorder) -> str:
    by_time = costs.monthly(stack)
    parts = [f"{_usd(price.usd)} a GB of {held}" for price, held in costs.by_content(stack)]
    return " + ".join([_usd(by_time), *parts] if by_time else parts)


def _destruction(kept: Recorder, deleted: Recorder) -> Iterator[str]:
    """What `pulumi destroy` does by default, and where the deletion of models was asked for."""
    described = descriptions()
    protected = sorted((each for each in kept.registered if each.protect), key=lambda each: each.name)
    retained = sorted({described[each.type]["name"] for each in kept.registered if each.retain_on_delete})
    names = " and ".join(f"the {described[each.type]['name']} `{each.name}`" for each in protected)
    yield f"**Destroying**: protected {'is' if len(protected) == 1 else 'are'} {names}, and so `pulumi destroy` refuses"
    yield "to start. `pulumi destroy --exclude-protected` keeps what is protected, with what it holds, and deletes"
    yield "everything else: functions, API, logs, images, network. With `deleteModelsOnDestroy: true`, deployed before,"
    yield "`pulumi destroy` deletes all of it, every published model"
    still = sorted(each.name for each in deleted.registered if each.protect)
    yield f"included, but keeps {', '.join(still)}." if still else "included."
    if retained:
        yield f"Deploying without a model never deletes its {' and '.join(retained)}."


def _additions(examples: Examples) -> Iterator[str]:
    described = descriptions()
    yield "## What settings add"
    yield ""
    yield f"Beside a stack with the defaults, `mode: multi` and {FEWER} models at 1769 MiB:"
    yield ""
    yield "| setting | resources | a month |"
    yield "| --- | --- | --- |"
    for title, settings in ADDITIONS.items():
        base = examples.stack({key: value for key, value in settings.items() if key in ("storage", "architecture")})
        stack = examples.stack(settings)
        more, fewer = count(stack) - count(base), count(base) - count(stack)
        changes = [f"+{number} {described[type_]['name']}" for type_, number in sorted(more.items())]
        changes += [f"−{number} {described[type_]['name']}" for type_, number in sorted(fewer.items())]
        cost = costs.monthly(stack) - costs.monthly(base)
        yield f"| {title} | {', '.join(changes) or 'none'} | {_usd(round(cost, 2))} |"
    yield ""
    yield "Alarms and a dashboard within CloudWatch's free tier (ten alarm metrics, three dashboards) cost nothing."
    yield "A snapshot is billed for each published version that is kept, and again for each restore."
    yield ""


def _prices() -> Iterator[str]:
    prices = costs.price_list()
    yield "## Prices"
    yield ""
    yield f"List prices of {prices.region} as of {prices.as_of}, in US dollars, a month being {prices.hours_per_month}"
    yield "hours. **Prices change and differ by region**; each page has today's. Requests, compute time and data read"
    yield "from EFS or S3 Files come on top where there are callers."
    yield ""
    yield "| what | price | for each | source |"
    yield "| --- | --- | --- | --- |"
    for price in prices.price.values():
        yield f"| {price.what} | {_usd(price.usd)} | {price.unit} | [AWS]({price.page}) |"
