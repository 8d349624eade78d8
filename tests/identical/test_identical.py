"""The answers of a stack do not depend on where the models are, or on how many functions serve them."""

import itertools
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from local.held_out import HeldOut, read_held_out
from local.publishing import add_version, current_version, point
from local.shapes import Mode, Storage
from local.stack import local_stack
from tests.identical.asks import asks_of_a_model, asks_of_no_model, asks_of_the_server
from tests.identical.exchange import Answer, Ask, exchange

VERSIONED = "iris"
"""The model with three versions: the current one, one with a label, and one that the pointer does not name."""


@pytest.fixture(scope="module")
def models(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample models, one with several versions."""
    root = tmp_path_factory.mktemp("models") / "repository"
    shutil.copytree(repository, root)
    model = root / VERSIONED
    first = current_version(model)
    for version in (first + 1, first + 2):
        add_version(model, first, version)
    point(model, first + 2, {"stable": first})
    return root


@pytest.fixture(scope="module")
def asks(repository: Path, models: Path) -> tuple[Ask, ...]:
    held_out = [read_held_out(repository.parent, model.name) for model in sorted(models.iterdir())]
    return tuple(_asks([each for each in held_out if each], current_version(models / VERSIONED)))


def _asks(held_out: list[HeldOut], newest: int) -> Iterator[Ask]:
    yield from asks_of_the_server()
    yield from asks_of_no_model()
    for each in held_out:
        version = each.manifest.version
        versions = (newest - 2, newest - 1, newest, newest + 1) if each.model == VERSIONED else (version, version + 1)
        yield from asks_of_a_model(each, versions)


@pytest.mark.timeout(1200)
def test_eight_stacks_give_the_same_answers_byte_for_byte(models, asks, capsys):
    answers: dict[str, list[Answer]] = {}
    for storage, mode in itertools.product(get_args(Storage), get_args(Mode)):
        with local_stack({"storage": storage, "mode": mode, "modelRepository": str(models)}) as stack:
            answers[f"{storage}, {mode}"] = [exchange(stack.api_url, ask) for ask in asks]
    reference, expected = next(iter(answers.items()))
    different = [
        f"{ask}\n    {reference}: {first}\n    {shape}: {other}"
        for shape, given in answers.items()
        for ask, first, other in zip(asks, expected, given, strict=True)
        if other != first
    ]
    statuses = Counter(answer.status for answer in expected)
    with capsys.disabled():
        counted = ", ".join(f"{count} with {status}" for status, count in sorted(statuses.items()))
        same = f"byte-identical but {len(different)}" if different else "byte-identical"
        sys.stdout.write(f"\n{len(asks)} requests to each of {len(answers)} stacks, answers {same}: {counted}\n")
    assert not different, "\n".join(different[:40])
    assert {200, 400, 404, 405} <= statuses.keys()
    assert not {500, 502, 503, 504} & statuses.keys()
