"""docs/resources.md: what each stack creates, costs while it is idle, and leaves when it is destroyed.

The text follows from what the program registers for example models.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ops import costs
from ops.diagrams import MODES, diagram
from ops.example_stacks import FEWER, Examples, Shape, count
from ops.prices import UsagePrice, price_list
from ops.recorder import Recorder
from ops.resource_types import FILE as TYPES
from ops.resource_types import ResourceType, resource_types
from ops.storages import Storage, storages

FILE = Path("docs/resources.md")

ADDITIONS: Sequence[Mapping[str, object]] = (
    {"monitoring": True},
    {"monitoring": True, "modelMetrics": True},
    {"monitoring": True, "delivery": "canary10Percent5Minutes"},
    {"provisionedConcurrency": 1},
    {"provisionedConcurrency": 1, "architecture": "arm64"},
    {"snapStart": True},
    {"storage": "efs", "efsThroughput": "provisioned", "efsProvisionedMibps": 10},
    {"storage": "efs", "interfaceEndpoints": ["kms"]},
    {"api": "rest"},
)
"""Settings that add to what an idle stack creates or costs."""


STACK_FILES = ("dev", "staging", "prod")
REQUESTS = (0, 100_000, 10_000_000)
"""For what a stack in use costs."""


def document(project: Path) -> str:
    """The whole page. Raises ValueError if `resource_types.toml` lacks a type that a stack has."""
    with tempfile.TemporaryDirectory() as directory:
        examples = Examples(project, Path(directory))
        lines = [*_introduction(), *_overview(examples)]
        for name, storage in storages().items():
            lines += _section(name, storage, examples)
        lines += [*_additions(examples), *_in_use(examples)]
    return "\n".join([*lines, *_prices()]) + "\n"


def _introduction() -> Iterator[str]:
    yield "# What a stack creates"
    yield ""
    yield "Written by `make resources` from what the program registers; a test fails when it is out of date."
    yield ""


def _overview(examples: Examples) -> Iterator[str]:
    prices = price_list()
    yield f"| `storage` | resources, multi | resources, single | idle, a month ({prices.region}) |"
    yield "| --- | --- | --- | --- |"
    for storage in storages():
        stacks = [examples.stack({"storage": storage, "mode": mode}) for mode in MODES]
        totals = " | ".join(str(count(stack).total()) for stack in stacks)
        yield f"| [`{storage}`](#{storage}) | {totals} | {_idle(stacks[0])} |"
    yield ""
    yield f"With {FEWER} models and every other setting at its default. An idle stack pays nothing by time, only for"
    yield "what it stores."
    yield ""


def _section(name: str, storage: Storage, examples: Examples) -> Iterator[str]:
    shapes = {mode: examples.shape(name, mode) for mode in MODES}
    yield f"## {name}"
    yield ""
    yield f"`storage: {name}`: {storage.what}."
    yield ""
    for mode in MODES:
        yield f"`mode: {mode}`"
        yield ""
        yield diagram(storage, mode)
        yield ""
    yield from _table(shapes, resource_types())
    yield ""
    yield f"**Idle** it costs {_idle(shapes['multi'].fewer)} a month, in either mode."
    yield ""
    yield from _destruction(shapes["multi"].fewer, examples.stack({"storage": name, "deleteModelsOnDestroy": True}))
    yield ""


def _table(shapes: Mapping[str, Shape], known: Mapping[str, ResourceType]) -> Iterator[str]:
    counts = {mode: shape.counts() for mode, shape in shapes.items()}
    present = set().union(*counts.values())
    if unknown := sorted(present - set(known)):
        raise ValueError(f"{', '.join(unknown)}: say in {TYPES.name} what it is for")
    yield f"| resource | {' | '.join(counts)} | what for |"
    yield f"| --- |{' --- |' * len(counts)} --- |"
    for type_, about in known.items():
        if type_ in present:
            numbers = " | ".join(counts[mode].get(type_, "0") for mode in counts)
            yield f"| {about.name} | {numbers} | {about.why} |"


def _usd(amount: float) -> str:
    """Dollars with as many decimals as they need, and two at least."""
    whole, _, decimals = f"{amount:.10f}".partition(".")
    return f"${whole}.{decimals.rstrip('0').ljust(2, '0')}"


def _idle(stack: Recorder) -> str:
    by_time = costs.monthly(stack)
    parts = [f"{_usd(price.usd)} a GB of {held}" for price, held in costs.by_content(stack)]
    return " + ".join([_usd(by_time), *parts] if by_time else parts)


def _destruction(kept: Recorder, deleted: Recorder) -> Iterator[str]:
    """What `pulumi destroy` does by default, and with `deleteModelsOnDestroy`."""
    types = resource_types()
    protected = sorted((each for each in kept.registered if each.protect), key=lambda each: each.name)
    retained = sorted({types[each.type].name for each in kept.registered if each.retain_on_delete})
    names = " and ".join(f"the {types[each.type].name} `{each.name}`" for each in protected)
    yield f"**Destroying**: {names} {'is' if len(protected) == 1 else 'are'} protected, so `pulumi destroy` refuses to"
    yield "start. `pulumi destroy --exclude-protected` keeps what is protected, with its content, and deletes"
    yield "everything else: functions, API, logs, images, network. If `deleteModelsOnDestroy: true` is deployed first,"
    yield "`pulumi destroy` deletes everything, every published model"
    still = sorted(each.name for each in deleted.registered if each.protect)
    yield f"included, but keeps {', '.join(still)}." if still else "included."
    if retained:
        yield f"Deploying without a model never deletes its {' and '.join(retained)}."


def _additions(examples: Examples) -> Iterator[str]:
    yield "## What settings add"
    yield ""
    yield f"Compared with a stack with the defaults, `mode: multi` and {FEWER} models at 1769 MiB:"
    yield ""
    yield "| setting | resources | a month |"
    yield "| --- | --- | --- |"
    types = resource_types()
    for settings in ADDITIONS:
        base = examples.stack({key: value for key, value in settings.items() if key in ("storage", "architecture")})
        stack = examples.stack(settings)
        more, fewer = count(stack) - count(base), count(base) - count(stack)
        changes = [f"+{number} {types[type_].name}" for type_, number in sorted(more.items())]
        changes += [f"−{number} {types[type_].name}" for type_, number in sorted(fewer.items())]
        cost = costs.monthly(stack) - costs.monthly(base)
        title = ", ".join(f"`{key}: {_as_yaml(value)}`" for key, value in settings.items())
        yield f"| {title} | {', '.join(changes) or 'none'} | {_usd(round(cost, 2))} |"
    yield ""
    yield "Alarms and a dashboard within CloudWatch's free tier (ten alarm metrics, three dashboards) cost nothing."
    yield "A snapshot is billed for each published version that is kept, and again for each restore."
    yield ""


def _in_use(examples: Examples) -> Iterator[str]:
    yield "## In use"
    yield ""
    yield f"With {FEWER} models, if each request takes {costs.RUN_SECONDS * 1000:.0f} ms of a function and"
    yield f"{costs.LOGGED_BYTES:,} bytes of logs. What is stored, cold starts and the free tier are not in it."
    yield ""
    yield f"| stack file | {' | '.join(f'{requests:,} requests a month' for requests in REQUESTS)} |"
    yield f"| --- |{' --- |' * len(REQUESTS)}"
    for name in STACK_FILES:
        stack = examples.file(name)
        cells = [_sum(costs.in_use(stack, requests)) for requests in REQUESTS]
        yield f"| `Pulumi.{name}.yaml` | {' | '.join(cells)} |"
    yield ""


def _sum(items: Mapping[str, float]) -> str:
    parts = ", ".join(f"{item} {amount:,.2f}" for item, amount in items.items() if round(amount, 2))
    return f"**${sum(items.values()):,.2f}**{f': {parts}' if len(items) > 1 and parts else ''}"


def _as_yaml(value: object) -> str:
    """A setting's value as a stack file spells it."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).replace("'", "")


def _prices() -> Iterator[str]:
    prices = price_list()
    yield "## Prices"
    yield ""
    yield f"List prices of {prices.region} as of {prices.as_of}, in US dollars; a month has {prices.hours_per_month}"
    yield "hours. **Prices change and differ by region**; each page has the current ones."
    yield ""
    yield "| what | price | for each | source |"
    yield "| --- | --- | --- | --- |"
    for price in prices.price.values():
        yield f"| {price.what} | {_usd(price.usd)} | {price.unit} | [AWS]({price.page}) |"
    for price in prices.usage.values():
        yield f"| {price.what} | {_tiers(price)} | {price.unit} | [AWS]({price.page}) |"


def _tiers(price: UsagePrice) -> str:
    """The first price, and how it falls with the quantity."""
    first, *further = (_usd(tier.usd) for tier in price.tiers)
    ends = (f"{tier.up_to:,.0f}" for tier in price.tiers)
    return first + "".join(f", {usd} beyond {end}" for usd, end in zip(further, ends, strict=False))
