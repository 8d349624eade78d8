"""An advice as text: a table of all options, the recommendation, and where each number comes from."""

from collections.abc import Iterator, Mapping, Sequence

from ops.advice.choice import Choice
from ops.advice.estimate import Estimate
from ops.advice.figures import Figures
from ops.advice.options import Option, Workload
from ops.advice.timing import STEPS, Part, retraining
from ops.prices import PriceList
from ops.simulation.file_system import LOWEST, MIB, READ_DISCOUNT

GROUPS: Mapping[str, Sequence[str]] = {
    "compute": ("lambda_x86_64", "lambda_arm64", "lambda_ready_x86_64", "lambda_ready_arm64", "lambda_ephemeral"),
    "ready": ("provisioned_x86_64", "provisioned_arm64", "snapshot", "snapshot_restore"),
    "requests": ("lambda_requests", "http_api_requests", "rest_api_requests", "logs"),
    "storage": ("s3_storage", "efs_storage", "s3files_storage", "ecr_storage", "efs_provisioned"),
    "reads": ("s3_reads", "s3_writes", "efs_reads", "efs_writes"),
}
"""The columns of the table, and the prices in each."""

HEAD = ("storage", "mode", "concurrency", "$/month", *GROUPS, "warm", "cold", "p99", "slowest", "cold share", "")


def as_text(results: Mapping[Option, Estimate | str], choice: Choice, workload: Workload, figures: Figures) -> str:
    """The table, the recommendation and the tips."""
    rows = [HEAD, *(_row(option, result, choice, workload) for option, result in results.items())]
    lines = [*_table([row for row in rows if len(row) == len(HEAD)]), ""]
    lines += _ruled_out(results)
    if choice.best is not None:
        option = choice.best.option
        lines += [f"Recommended: {option}", f"  {choice.reason}", f"  a retrained model: {retraining(option, figures)}"]
        lines += [f"  {warning}" for warning in warnings(choice.best)]
    else:
        lines.append(f"Not recommended: {choice.reason}")
    lines += ["Where it tips:", *(f"  {tip}" for tip in choice.tips)] if choice.tips else []
    return "\n".join(lines)


def as_markdown(results: Mapping[Option, Estimate | str], choice: Choice, workload: Workload) -> str:
    """The table for a page."""
    rows = [_row(option, result, choice, workload) for option, result in results.items()]
    lines = [f"| {' | '.join(HEAD)} |", f"|{' --- |' * len(HEAD)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows if len(row) == len(HEAD)]
    return "\n".join(lines)


def explain(estimate: Estimate, prices: PriceList, figures: Figures) -> str:
    """Each number of an option, with the price or the figure that it comes from."""
    lines = [f"{estimate.option}: ${estimate.usd:,.4f} a month, list prices of {prices.region} as of {prices.as_of}"]
    lines += [
        f"  ${item.usd:,.4f}  {item.what}: {item.quantity:,.4g} {item.unit}s  [{item.key}] {item.page}"
        + (f"  ({item.why})" if item.why else "")
        for item in estimate.items
    ]
    if estimate.deployments_usd:
        known = _known(figures, "deployment_usd")
        lines.append(f"  ${estimate.deployments_usd:,.4f}  deployments of retrained models  {known}")
    for function in estimate.run.functions:
        names = ", ".join(model.name for model in function.models)
        counts = function.counts
        lines.append(
            f"  {names}: {counts.requests:,} requests simulated, {counts.cold_count:,} environments started, "
            f"{counts.most_at_once} requests at once at most"
        )
        for model, timing in zip(function.models, function.timings, strict=True):
            for step in STEPS:
                lines += [_part(model.name, step, part, figures) for part in timing.parts(step)]
    lines.append(f"  an idle environment is kept: {_known(figures, 'keep_seconds')}")
    return "\n".join(lines)


def warnings(estimate: Estimate) -> Iterator[str]:
    """What will go wrong, if anything."""
    files = estimate.run.file_system
    if files is None or files.ran_dry_at is None:
        return
    at = files.ran_dry_at
    starts = sum(1 for each in estimate.run.functions for start in each.counts.cold_at if abs(start - at) < 60)
    days, seconds = divmod(at, 86_400)
    yield (
        f"the burst credits of the file system run dry on day {int(days) + 1} at {int(seconds // 3600):02}:"
        f"{int(seconds % 3600 // 60):02}, with {starts} starts within a minute; then it reads "
        f"{READ_DISCOUNT * max(files.baseline, LOWEST) / MIB:,.1f} MiB a second for all: set efsThroughput to elastic"
    )


def _row(option: Option, result: Estimate | str, choice: Choice, workload: Workload) -> tuple[str, ...]:
    if isinstance(result, str):
        return (str(option), result)
    usd = [sum(item.usd for item in result.items if item.key in keys) for keys in GROUPS.values()]
    missed = result.misses(workload)
    mark = "recommended" if result is choice.best else "too slow" if missed else ""
    first = result.run.functions[0]
    return (
        option.storage,
        option.mode,
        option.concurrency,
        f"{result.usd:,.2f}",
        *(f"{each:,.2f}" for each in usd),
        f"{first.mean('warm') * 1000:,.1f} ms",
        f"{first.mean('start', 'load', 'warm'):.2f} s",
        f"{result.percentiles[99]:.3f} s",
        f"{result.percentiles[100]:.2f} s",
        f"{result.cold_share:.3%}",
        mark,
    )


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.ljust(width) if n < 3 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _ruled_out(results: Mapping[Option, Estimate | str]) -> Iterator[str]:
    by_reason: dict[str, list[str]] = {}
    for option, result in results.items():
        if isinstance(result, str):
            by_reason.setdefault(result, []).append(str(option))
    for reason, ruled in by_reason.items():
        yield f"Ruled out: {'; '.join(ruled)}: {reason}"
    if by_reason:
        yield ""


def _part(model: str, name: str, part: Part, figures: Figures) -> str:
    return f"    {model}, {name}: {part.seconds:.4f} s to {part.what}  {_known(figures, part.why)}"


def _known(figures: Figures, key: str) -> str:
    if key not in figures.by_key:
        return f"[measured: {key}]"
    figure = figures.by_key[key]
    return f"[{figure.kind}: {key} = {figure.value:g} {figure.unit}; {figure.source}]"
