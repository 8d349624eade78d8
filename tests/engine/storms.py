"""Bad days of a living stack: what callers get while versions are published and something goes wrong each time.

`python -m tests.engine.storms` runs every kind, and prints a line for each round:

- `sync`: the function that copies to EFS is killed (`kill -9`) at a random moment after a publication. The next run
  completes it.
- `worker`: a function's worker is killed at a random moment after a publication. A request that it had is lost, as on
  Lambda, and no other.
- `faults`: S3 is slow, busy, denies, forgets, breaks off or sends other bytes while a version is published.
- `load-s3`, `load-efs`, `load-s3files`: with models in this storage, versions are published, rolled back, promoted and
  pruned under the steady load of `--rate`. A round takes about a minute.

Every answer must be the whole answer of a version that may answer.
"""

import argparse
import random
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import get_args

import psutil

from handlers.contract import MODEL_SYNC_HANDLER, MULTI_MODEL_HANDLER
from local.changes import Change
from local.living_stack import LivingStack
from local.publishing import publish, versions_of
from local.questions import Reference
from local.rollouts import LIVE_STORAGES, rollouts
from local.shapes import Shape, Storage
from local.switch_models import PUBLISHED
from tests.engine.hunts import hunt, settings_of, small_stack
from tests.engine.s3_proxy import S3Proxy
from tests.handlers.s3_server import Fault

MOMENTS_SECONDS = 3.0
"""How long after a publication something is killed at most."""

FAULT_SECONDS = 6.0
"""How long a fault lasts after the publication: every environment looks for the new version in that time."""

OBJECTS = ("current.json", "{version}/manifest.json", "{version}/model.tflite")


@dataclass(frozen=True, kw_only=True)
class Round:
    """One publication with something that went wrong."""

    change: Change
    what: str
    lost: int = 0
    """How many requests may fail."""

    @property
    def went_well(self) -> bool:
        """Whether every answer was right, and no more requests failed than had to."""
        total = self.change.total
        return total.requests > 0 and not total.different and total.failed <= self.lost

    def __str__(self) -> str:
        total, during = self.change.total, self.change.loads["during"]
        return (
            f"{self.change.what}: {self.what}; {total.requests} requests, {total.failed} failed, "
            f"{total.different} answers differ; p99 {during.p99 * 1000:.0f} ms at {during.per_second:.0f} a second"
        )


Storm = Callable[[LivingStack, int, random.Random], Iterator[Round]]


def sync_kills(stack: LivingStack, count: int, chance: random.Random) -> Iterator[Round]:
    """Kill the sync function after each publication, and run it again."""
    stack.start(settings_of(stack, Shape("efs", "multi")))
    (sync,) = [each.name for each in stack.account.invocations.functions() if each.handler == MODEL_SYNC_HANDLER]

    def run_again() -> None:
        outcome = stack.account.invocations.invoke(sync, b"{}", patient=True)
        if outcome.failed:  # it was given to the environment that was just killed; AWS tries an event again, too
            outcome = stack.account.invocations.invoke(sync, b"{}", patient=True)
        if outcome.failed:
            raise RuntimeError(f"the run after a kill fails: {outcome.payload!r}")

    for number in range(count):
        yield _killed(stack, "sync", number, MODEL_SYNC_HANDLER, chance, then=run_again)


def worker_kills(stack: LivingStack, count: int, chance: random.Random) -> Iterator[Round]:
    """Kill a worker after each publication."""
    stack.start(settings_of(stack, Shape("s3", "multi")))
    for number in range(count):
        yield _killed(stack, "worker", number, MULTI_MODEL_HANDLER, chance, may_lose=1)


def faults(stack: LivingStack, count: int, chance: random.Random) -> Iterator[Round]:
    """Let S3 fail while a version is published."""
    proxy = S3Proxy(stack.account.emulator.url)
    stack.account.endpoints["AWS_ENDPOINT_URL_S3"] = proxy.url
    kinds: list[tuple[Fault, str]] = [(fault, path) for fault in get_args(Fault) for path in OBJECTS]
    kinds.remove(("absent", OBJECTS[0]))  # which is how a model is withdrawn
    chance.shuffle(kinds)
    earlier: list[int] = []
    try:
        stack.start(settings_of(stack, Shape("s3", "multi")))
        for number in range(count):
            fault, path = kinds[number % len(kinds)]
            hit = proxy.hit

            def act(version: int, fault: Fault = fault, path: str = path) -> None:
                proxy.begin(f"/{PUBLISHED}/{path.format(version=version)}", fault)
                _publish(stack, version)
                time.sleep(FAULT_SECONDS)
                proxy.stop_faults()

            before = stack.answering(PUBLISHED)
            change = _move(stack, f"fault {number + 1}", number, act, kept=earlier)
            earlier.append(before)
            yield Round(change=change, what=f"{path} is {fault}, {proxy.hit - hit} times")
    finally:
        proxy.stop()


def load(storage: Storage, stack: LivingStack, count: int, chance: random.Random) -> Iterator[Round]:
    """Roll versions out and back, with models in this storage."""
    for change in rollouts(stack, PUBLISHED, {storage: settings_of(stack, Shape(storage, "multi"))}, count):
        yield Round(change=change, what="under load")


LOADS: Mapping[str, Storm] = {f"load-{storage}": partial(load, storage) for storage in LIVE_STORAGES}
STORMS: Mapping[str, Storm] = {"sync": sync_kills, "worker": worker_kills, "faults": faults, **LOADS}

RATE, LOAD_RATE = 20.0, 100.0
"""Requests a second, by default: of most kinds, and of `LOADS`."""

LOAD_SHARE = 10


def _killed(
    stack: LivingStack,
    kind: str,
    number: int,
    handler: str,
    chance: random.Random,
    *,
    may_lose: int = 0,
    then: Callable[[], None] = lambda: None,
) -> Round:
    """Publish a version, and kill a worker with this handler at a random moment after it. `may_lose` is how many
    requests may fail by such a kill."""
    moment, killed = chance.uniform(0, MOMENTS_SECONDS), list[bool]()

    def act(version: int) -> None:
        _publish(stack, version)
        time.sleep(moment)
        killed.append(_kill(handler, chance))
        then()

    change = _move(stack, f"{kind} {number + 1}", number, act)
    what = f"killed after {moment:.1f} s" if killed[0] else "was not there to be killed"
    return Round(change=change, what=what, lost=may_lose if killed[0] else 0)


def _move(stack: LivingStack, what: str, number: int, act: Callable[[int], None], kept: Collection[int] = ()) -> Change:
    trained = versions_of(stack.repository / PUBLISHED)
    version = stack.package(PUBLISHED, trained[(number + 1) % 2])
    return stack.move(what, PUBLISHED, version, lambda: act(version), kept=kept)


def _publish(stack: LivingStack, version: int) -> None:
    """In a thread of its own: the emulator may call the sync function before it answers."""
    arguments = (stack.account.client("s3"), str(stack.outputs["bucketName"]), stack.repository / PUBLISHED, version)
    threading.Thread(target=publish, args=arguments).start()


def _kill(handler: str, chance: random.Random) -> bool:
    """Kill a worker of the stack that runs this handler. Whether there was one."""
    found: list[psutil.Process] = []
    for process in psutil.Process().children(recursive=True):
        try:
            name = process.environ().get("AWS_LAMBDA_FUNCTION_NAME", Reference.NAME)
            if handler in process.cmdline() and name != Reference.NAME:
                found.append(process)
        except psutil.Error:  # it has just ended
            continue
    if found:
        chance.choice(found).kill()
    return bool(found)


def rounds_of(kind: str, rounds: int) -> int:
    """How many rounds this kind has where others have so many: a round of `LOADS` is four changes, each watched."""
    return max(1, rounds // LOAD_SHARE) if kind in LOADS else rounds


def main() -> int:
    """Run the storms; 1 if a request failed that need not, or an answer was not a version's."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--rounds", type=int, default=50, metavar="N", help="of each kind; of load-… a tenth (default: 50)"
    )
    parser.add_argument("--kind", choices=STORMS, action="append", help="only this kind; repeatable")
    parser.add_argument(
        "--rate", type=float, metavar="N", help=f"requests a second (default: {RATE:g}, and {LOAD_RATE:g} of load-…)"
    )
    parser.add_argument("--seed", type=int, default=None, help="repeats the moments of a run before")
    options = parser.parse_args()

    def rounds(kind: str, chance: random.Random) -> Iterator[Round]:
        with small_stack(per_second=options.rate or (LOAD_RATE if kind in LOADS else RATE)) as stack:
            yield from STORMS[kind](stack, rounds_of(kind, options.rounds), chance)

    return hunt(options.kind or STORMS, rounds, options.seed, "every round went well")


if __name__ == "__main__":
    sys.exit(main())
