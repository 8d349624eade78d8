"""`python -m local switch`: changes a stack while callers call it, and prints what they got."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

from local.changes import HEADER, Change, conclusion
from local.living_stack import LivingStack
from local.publishing import versions_of
from local.rollouts import LIVE_STORAGES, rollouts
from local.setting_changes import SettingChange, defaults, setting_changes
from local.shapes import SAMPLE, Shape, every_switch, main_switches
from local.stack import SETTINGS
from local.surroundings import make_surroundings
from local.switch_models import PUBLISHED, sample_stack, two_versions
from local.table import table

Settings = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Part:
    """What can be switched in one run, on a stack of its own."""

    name: str
    help: str
    changes: Callable[[LivingStack], Iterator[Change]]


def run_switch(parts: Sequence[str], *, per_second: float, port: int = 0) -> Mapping[str, Sequence[Change]]:
    """Print a line for each change, and a table for each part. Returns the changes, by part.

    Raises EngineError, SwitchModelsError, and ChangeError.
    """
    done: dict[str, list[Change]] = {}
    for part in parts:
        print(f"{PARTS[part].help}: {per_second:g} requests a second, in both dialects", flush=True)
        changes = done[part] = list[Change]()
        try:
            with sample_stack(per_second=per_second, port=port) as stack:
                for change in PARTS[part].changes(stack):
                    _tell(change)
                    changes.append(change)
        finally:
            _tell_all(changes)
    return done


def _tell_all(changes: Sequence[Change]) -> None:
    right = set(range(1, len(HEADER) - 1))
    print("", table(HEADER, [change.cells() for change in changes], right), "", conclusion(changes), "", sep="\n")


def _tell(change: Change) -> None:
    total = change.total
    note = f" ({change.note})" if change.note else ""
    print(
        f"  {change.what}: {change.seconds:.1f} s, {total.requests} requests, {total.failed} failed, "
        f"{total.different} answers differ{note}",
        flush=True,
    )
    for problem in total.problems:
        print(f"    {problem}", flush=True)


def on_a_way(way: Sequence[Shape], *, repeated: bool = False) -> Callable[[LivingStack], Iterator[Change]]:
    """Throw the switches from one shape to the next. A version is published in each storage once.

    With `repeated`, the first update to each shape is followed by a refresh and an update that do nothing.
    """

    def changes(stack: LivingStack) -> Iterator[Change]:
        stack.start(_settings(stack, way[0]._asdict()))
        published, reached = set[str](), set[Shape]()
        for start, end in pairwise(way):
            if repeated and start not in reached:
                reached.add(start)
                yield stack.repeat(f"{start}: refresh, up")
            if start.storage not in published:
                published.add(start.storage)
                like = versions_of(stack.repository / PUBLISHED)[len(published) % 2]
                yield stack.publish(PUBLISHED, like)
            yield stack.change(f"{start} → {end}", _settings(stack, end._asdict()))

    return changes


def _of_settings(stack: LivingStack) -> Iterator[Change]:
    """Change every setting, and change it back."""
    around = make_surroundings(stack.account, stack.repository)
    everything = setting_changes(around, two_versions("elsewhere"))
    stack.start(_settings(stack, {}))
    for base, changes in groupby(everything, key=lambda change: change.base):
        basis = SettingChange(base={}, to=base)
        if base:
            yield _there(stack, basis)
        for change in changes:
            yield _there(stack, change)
            yield _back(stack, change)
        if base:
            yield _back(stack, basis)


def _rollouts(stack: LivingStack) -> Iterator[Change]:
    """Publish, roll back, promote and prune in each storage."""
    storages = {storage: _settings(stack, {"storage": storage}) for storage in LIVE_STORAGES}
    return rollouts(stack, PUBLISHED, storages, ROUNDS)


def _there(stack: LivingStack, change: SettingChange) -> Change:
    settings = _settings(stack, {**change.base, **change.to})
    return stack.change(str(change), settings, excuse=change.excuse.reason, excused=change.excuse.there)


def _back(stack: LivingStack, change: SettingChange) -> Change:
    settings = _settings(stack, change.base)
    return stack.change(f"{change}: back", settings, excuse=change.excuse.reason, excused=change.excuse.back)


def _settings(stack: LivingStack, settings: Settings) -> Settings:
    """Every setting, so that none is left over from a change before. The bucket is protected, as by default."""
    kept = {"deleteModelsOnDestroy": False, "modelRepository": str(stack.repository)}
    return {**defaults(), **SETTINGS, **kept, **settings}


PARTS: Mapping[str, Part] = {
    part.name: part
    for part in (
        Part(
            name="main",
            help="s3 → efs → s3files → image → s3 in both modes, and multi → single → multi in each storage",
            changes=on_a_way(main_switches()),
        ),
        Part(
            name="all",
            help="each of the 56 switches between the 8 shapes of storage and mode; repeated updates do nothing",
            changes=on_a_way(every_switch(), repeated=True),
        ),
        Part(name="sample", help="six switches of every kind", changes=on_a_way(SAMPLE)),
        Part(
            name="models",
            help="versions published, rolled back, promoted and pruned again and again, in each storage",
            changes=_rollouts,
        ),
        Part(name="settings", help="every setting, changed and changed back", changes=_of_settings),
    )
}

ROUNDS = 3
"""How often versions are rolled out in each storage."""

DEFAULT_PARTS = ("main",)
