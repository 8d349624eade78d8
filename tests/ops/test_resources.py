"""docs/resources.md follows from the program: what a stack creates, costs while idle and leaves when destroyed."""

from pathlib import Path
from typing import get_args

import pytest

from components.settings.storage_settings import Storage
from ops import __main__ as command
from ops import costs, resources_page
from ops.diagrams import MODES, diagram
from ops.example_stacks import Examples
from ops.prices import price_list
from ops.resource_types import resource_types
from ops.storages import storages
from tests.made_types import made_types
from tests.paths import PROJECT


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    return Examples(PROJECT, tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def text() -> str:
    return resources_page.document(PROJECT)


def test_the_file_is_what_the_program_says_now(text: str):
    assert (PROJECT / resources_page.FILE).read_text() == text, "run `make resources`, and read what changed"


def test_a_file_that_is_out_of_date_fails_the_check(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(resources_page, "document", lambda project: text)
    monkeypatch.setattr(resources_page, "FILE", tmp_path / "resources.md")
    assert command.main(["resources", "--check"]) == 1
    assert "`make resources` writes it" in capsys.readouterr().err
    assert command.main(["resources"]) == 0
    assert command.main(["resources", "--check"]) == 0


def test_every_storage_has_a_diagram_for_each_mode_and_says_what_destroying_leaves(text: str):
    for section in text.split("\n## ")[1:5]:
        assert section.count("```mermaid") == 2
        assert "**Idle** it costs" in section
        assert "**Destroying**" in section


def test_a_function_for_each_model_is_counted_as_one(examples: Examples):
    assert examples.shape("s3", "single").counts()["aws:lambda/function:Function"] == "1 a model"
    assert examples.shape("efs", "single").counts()["aws:lambda/function:Function"] == "1 + 1 a model"
    assert examples.shape("s3", "multi").counts()["aws:lambda/function:Function"] == "1"


def test_a_type_without_a_purpose_is_refused_by_name(examples: Examples):
    with pytest.raises(ValueError, match=r"aws:s3/bucket:Bucket.*: say in resource_types.toml what it is for"):
        list(resources_page._table({"multi": examples.shape("s3", "multi")}, {}))


def test_every_type_that_is_described_is_one_that_a_component_makes_and_the_other_way_round():
    assert set(resource_types()) == made_types()


def test_every_storage_is_described():
    assert set(storages()) == set(get_args(Storage))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("storage", get_args(Storage))
def test_a_diagram_shows_a_network_and_a_queue_where_the_stack_has_them(
    examples: Examples, storage: Storage, mode: str
):
    stack = examples.stack({"storage": storage, "mode": mode})
    drawn = diagram(storages()[storage], mode)
    assert ("subgraph network" in drawn) == bool(stack.of("aws:ec2/vpc:Vpc"))
    assert ("SQS queue" in drawn) == bool(stack.of("aws:sqs/queue:Queue"))
    assert ("EFS" in drawn) == bool(stack.of("aws:efs/fileSystem:FileSystem"))
    assert ("S3 Files" in drawn) == bool(stack.of("aws:s3/filesFileSystem:FilesFileSystem"))


@pytest.mark.parametrize("storage", get_args(Storage))
def test_a_stack_with_the_defaults_costs_nothing_by_time(examples: Examples, storage: str):
    assert costs.monthly(examples.stack({"storage": storage})) == 0


@pytest.mark.parametrize(
    ("settings", "usd"),
    [
        ({"provisionedConcurrency": 2, "memoryMib": 1024}, 2 * 730 * 3600 * 0.0000041667),
        ({"provisionedConcurrency": 1, "memoryMib": 2048, "architecture": "arm64"}, 2 * 730 * 3600 * 0.0000033334),
        ({"provisionedConcurrency": 1, "memoryMib": 1024, "storage": "efs"}, 730 * 3600 * 0.0000041667),
        ({"snapStart": True, "memoryMib": 1024}, 730 * 3600 * 0.0000015046),
        ({"storage": "efs", "efsThroughput": "provisioned", "efsProvisionedMibps": 5}, 30),
        ({"storage": "s3files", "interfaceEndpoints": ["kms"]}, 2 * 730 * 0.01),
    ],
)
def test_what_is_billed_by_time_is_counted(examples: Examples, settings: dict[str, object], usd: float):
    assert costs.monthly(examples.stack(settings)) == pytest.approx(usd)


def test_alarms_are_billed_by_the_metrics_that_they_look_at(examples: Examples):
    stack = examples.stack({"monitoring": True})
    metrics = sum(
        "metric" in query
        for alarm in stack.of("aws:cloudwatch/metricAlarm:MetricAlarm")
        for query in alarm.inputs["metricQueries"]
    )
    assert costs.monthly(stack) == pytest.approx(3 + 0.1 * metrics)


def test_every_price_names_the_page_that_has_todays():
    assert all(
        price.page.startswith("https://") and "aws.amazon.com/" in price.page for price in price_list().price.values()
    )


@pytest.mark.parametrize(
    ("amount", "written"), [(0.3, "$0.30"), (6, "$6.00"), (0.023, "$0.023"), (4.1667e-6, "$0.0000041667")]
)
def test_an_amount_is_written_with_the_decimals_that_it_needs(amount: float, written: str):
    assert resources_page._usd(amount) == written


def test_every_type_that_is_billed_by_content_names_a_price_and_what_it_holds():
    billed = [each for each in resource_types().values() if each.price is not None]
    assert {each.price for each in billed} <= set(price_list().price)
    assert all(each.holds for each in billed)
