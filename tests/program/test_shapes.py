"""The whole program in every shape: storage, mode, delivery and concurrency exhaustively, everything else at random.

A shape is either refused by its settings, naming the keys, or deploys with every invariant held.
"""

import json
import runpy
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, example, given, settings

from components.configuration.reading import SettingsError, specs
from components.settings.operations_settings import Delivery
from components.settings.settings import Mode
from components.settings.storage_settings import MOUNTED_STORAGES, Storage
from policy.invariants import stack_breaches
from tests.packaged import as_configuration, package
from tests.paths import PROJECT
from tests.program.settings_strategies import CONCURRENCY, FIXED, configurations
from tests.recorder import IMAGE, Recorder, deploy

DELIVERIES: tuple[Delivery, ...] = get_args(Delivery)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    repository = package(tmp_path_factory.mktemp("models"), "digits", engine="tensorflow")
    return package(repository, "iris")


@pytest.fixture(scope="module")
def tally(request: pytest.FixtureRequest) -> Iterator[Counter[str]]:
    """Counts shapes, and prints how many there were."""
    counted: Counter[str] = Counter()
    yield counted
    reporter = request.config.pluginmanager.getplugin("terminalreporter")
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        said = ", ".join(f"{number} {what}" for what, number in sorted(counted.items()))
        reporter.write_line(f"\nshapes of the whole program: {said}")


def run(root: Path, values: dict[str, Any]) -> Recorder:
    config = as_configuration(**{"modelRepository": str(root), **values})
    return deploy(lambda: runpy.run_path(str(PROJECT / "__main__.py")), config=config, stack_name="shapes")


def refused_or_deployed(root: Path, values: dict[str, Any]) -> Recorder | SettingsError:
    try:
        return run(root, values)
    except SettingsError as refused:
        return refused


def refused_keys(storage: Storage, delivery: Delivery, concurrency: str) -> set[str]:
    """The keys by which AWS's own limits forbid a shape; empty for one that is allowed."""
    keys: set[str] = set()
    if concurrency == "snapshots" and storage in MOUNTED_STORAGES:
        keys |= {"snapStart", "storage"}
    if concurrency.startswith("provisioned") and delivery != "allAtOnce":
        keys |= {"delivery", "provisionedConcurrency"}
    return keys


@pytest.mark.parametrize("delivery", DELIVERIES)
@pytest.mark.parametrize("mode", get_args(Mode))
@pytest.mark.parametrize("storage", get_args(Storage))
def test_every_shape_is_refused_by_key_or_holds_every_invariant(
    storage: Storage, mode: Mode, delivery: Delivery, root: Path, tally: Counter[str]
):
    for concurrency, option in CONCURRENCY.items():
        watched = delivery != "allAtOnce"
        shape = {"models": ["iris"], "storage": storage, "mode": mode, "delivery": delivery, "monitoring": watched}
        if keys := refused_keys(storage, delivery, concurrency):
            with pytest.raises(SettingsError) as refused:
                run(root, {**shape, **option})
            assert keys <= {key for problem in refused.value.problems for key in problem.keys}
            tally["refused by key"] += 1
        else:
            assert stack_breaches(run(root, {**shape, **option}).registered) == []
            tally["deployed with every invariant held"] += 1


@pytest.mark.timeout(1800)
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@example(values={"storage": "efs", "imageUri": IMAGE})
@example(values={"storage": "image", "imageUri": IMAGE})
@given(values=configurations)
def test_any_other_setting_is_refused_or_holds_every_invariant(values: dict[str, Any], root: Path, tally: Counter[str]):
    outcome = refused_or_deployed(root, values)
    if isinstance(outcome, SettingsError):
        assert all(problem.keys and problem.message for problem in outcome.problems)
        tally["of random settings refused"] += 1
    else:
        assert stack_breaches(outcome.registered) == [], json.dumps(values)
        tally["of random settings deployed with every invariant held"] += 1


def test_every_setting_is_varied():
    varied = {key for option in CONCURRENCY.values() for key in option}
    text = (Path(__file__).parent / "settings_strategies.py").read_text()
    missing = {
        key for key in specs() if key not in varied | FIXED and f"{key}=" not in text and f'"{key}":' not in text
    }
    assert missing == set(), "give these settings a strategy in settings_strategies.py"
