"""`python -m ops advise`: what it recommends, and where its numbers come from."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from ops.__main__ import main
from ops.advice import report
from ops.advice.choice import Choice, choose, cost_at, crossing, ready_break_even
from ops.advice.estimate import Estimate
from ops.advice.figures import Figures, read_figures
from ops.advice.options import Option, Workload
from ops.commands import advise
from ops.prices import price_list

PRICES = price_list()
FIGURES = read_figures()
PROFILES = {"hobby": [], "spiky": [], "steady": ["--requests", "5256000"]}
"""The steady one with a fiftieth of its requests, so that the test is quick."""

Results = dict[Option, Estimate | str]


def asked(*arguments: str) -> tuple[argparse.Namespace, Figures, Workload]:
    parser = argparse.ArgumentParser()
    advise.add_arguments(parser)
    chosen = parser.parse_args(arguments)
    figures = read_figures(chosen.figure)
    return chosen, figures, advise.workload_of(chosen, figures)


def advice(*arguments: str) -> tuple[Workload, Results, Choice]:
    chosen, figures, workload = asked(*arguments)
    results = dict(advise.compare(workload, chosen, figures))
    return workload, results, choose(results, workload, PRICES, figures)


@pytest.fixture(scope="module")
def profiles() -> dict[str, tuple[Workload, Results, Choice]]:
    return {name: advice("--profile", name, *more) for name, more in PROFILES.items()}


def estimates(results: Results) -> list[Estimate]:
    return [each for each in results.values() if isinstance(each, Estimate)]


def best_of(choice: Choice) -> Estimate:
    assert choice.best is not None
    return choice.best


@pytest.mark.parametrize(("profile", "storage"), [("hobby", "s3"), ("spiky", "image"), ("steady", "efs")])
def test_each_profile_is_served_best_by_another_storage(
    profiles: dict[str, tuple[Workload, Results, Choice]], profile: str, storage: str
) -> None:
    assert best_of(profiles[profile][2]).option.storage == storage


def test_nothing_that_meets_the_wishes_is_cheaper(profiles: dict[str, tuple[Workload, Results, Choice]]) -> None:
    for workload, results, choice in profiles.values():
        best = best_of(choice)
        assert best.misses(workload) is None
        meeting = [each.weighed_usd for each in estimates(results) if each.misses(workload) is None]
        assert best.weighed_usd <= min(meeting) * 1.02 + 0.05


def test_the_columns_of_the_table_are_the_whole_cost(profiles: dict[str, tuple[Workload, Results, Choice]]) -> None:
    grouped = {key for keys in report.GROUPS.values() for key in keys}
    for _, results, _ in profiles.values():
        for each in estimates(results):
            assert {item.key for item in each.items} <= grouped


def test_each_item_is_its_quantity_at_a_price_of_the_list(
    profiles: dict[str, tuple[Workload, Results, Choice]],
) -> None:
    for _, results, _ in profiles.values():
        for item in (item for each in estimates(results) for item in each.items):
            usd = (
                PRICES.price[item.key].usd * item.quantity
                if item.key in PRICES.price
                else PRICES.usage[item.key].charge(item.quantity)
            )
            assert item.usd == pytest.approx(usd)


def test_explain_names_the_price_of_each_item_and_the_figure_of_each_second(
    profiles: dict[str, tuple[Workload, Results, Choice]],
) -> None:
    best = best_of(profiles["steady"][2])
    text = report.explain(best, PRICES, FIGURES)

    for item in best.items:
        assert f"[{item.key}] {item.page}" in text
    for part in (*best.run.functions[0].timings[0].start, *best.run.functions[0].timings[0].load):
        assert f"{part.seconds:.4f} s to {part.what}" in text
        assert part.why in text


def test_costs_cross_where_the_tip_says(profiles: dict[str, tuple[Workload, Results, Choice]]) -> None:
    _, results, choice = profiles["spiky"]
    best = best_of(choice)
    crossings = [(each, at) for each in estimates(results) if (at := crossing(best, each)) is not None]

    assert crossings
    for other, at in crossings:
        assert cost_at(best, at) == pytest.approx(cost_at(other, at))


def test_ready_environments_pay_from_six_tenths_of_use() -> None:
    """$0.0000041667 to keep one, and $0.0000097222 in place of $0.0000166667 while it is busy."""
    assert ready_break_even(PRICES, Workload(models=(), traffic=advise.Traffic(requests=1))) == pytest.approx(
        0.6, abs=0.001
    )


def ruled(results: Results) -> dict[str, str]:
    return {str(option): each for option, each in results.items() if isinstance(each, str)}


def test_a_file_system_rules_snapshots_out(profiles: dict[str, tuple[Workload, Results, Choice]]) -> None:
    assert "takes no snapshot" in ruled(profiles["spiky"][1])["efs, single, SnapStart"]


def test_models_that_no_image_holds_rule_the_image_out() -> None:
    _, results, _ = advice(
        "--size", "12000", "--memory", "10240", "--figure", "memory_of_tflite=0.5", "--requests", "10"
    )

    assert "do not fit into an image" in ruled(results)["image, single, on demand"]
    assert "does not fit into /tmp" in ruled(results)["s3, single, on demand"]


def test_a_model_of_600_mb_in_tmp_rules_snapshots_out() -> None:
    _, results, _ = advice("--size", "600", "--memory", "3008", "--requests", "100")

    assert "512 MiB of /tmp" in ruled(results)["s3, single, SnapStart"]


def test_an_exhausted_file_system_is_said_with_its_time() -> None:
    """Tens of thousands of starts read 1 GB each, from a file system that earns next to nothing."""
    arguments = ["--size", "1000", "--memory", "5307", "--requests", "60000", "--shape", "steady"]
    arguments += ["--figure", "keep_seconds=30", "--latency", "3600", "--longest", "3600"]
    found: list[Estimate] = []
    for throughput in ("elastic", "bursting"):
        _, figures, workload = asked(*arguments, "--efs-throughput", throughput)
        each = advise.estimate(Option(storage="efs", mode="single", concurrency="on demand"), workload, PRICES, figures)
        assert isinstance(each, Estimate)
        found.append(each)
    elastic, bursting = found
    [said] = report.warnings(bursting)

    assert list(report.warnings(elastic)) == []
    assert re.search(r"run dry on day \d+ at \d\d:\d\d, with \d+ starts", said)
    assert bursting.percentiles[100] > 10 * elastic.percentiles[100]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--figure", "s3_speed=3"], "'s3_speed' is no figure"),
        (["--figure", "keep_seconds=long"], "write keep_seconds=600"),
        (["--memory", "64"], "give --memory 128 to 10240"),
        (["--requests", "0", "--size", "1"], "give 1 or more"),
        (["--model", "nobody"], "has no model nobody"),
        (["--requests", "1e6", "--peak", "0.1", "--size", "1"], "give a peak of"),
    ],
)
def test_wrong_input_gets_an_error_that_says_what_is_allowed(
    arguments: Sequence[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["advise", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_wishes_that_no_option_meets_are_said_with_the_nearest_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["advise", "--size", "100", "--requests", "1000", "--longest", "0.001"]) == 1
    assert "no option meets the wishes; the nearest is" in capsys.readouterr().out


def test_the_stack_file_gives_models_and_settings(capsys: pytest.CaptureFixture[str]) -> None:
    """Pulumi.dev.yaml serves the packaged sample models."""
    assert main(["advise", "--stack", "dev", "--requests", "5000", "--explain"]) == 0
    out = capsys.readouterr().out

    assert "Recommended: " in out
    assert re.search(r"iris/\d+/manifest\.json", out)


def test_plots_are_the_same_bytes_each_time(tmp_path_factory: pytest.TempPathFactory) -> None:
    written: list[dict[str, bytes]] = []
    for _ in range(2):
        directory = tmp_path_factory.mktemp("plots")
        assert main(["advise", "--size", "10", "--requests", "2000", "--plots", str(directory)]) == 0
        written.append({file.name: file.read_bytes() for file in directory.iterdir()})

    assert set(written[0]) == {"cost.svg", "latency.svg"}
    assert written[0] == written[1]


def test_a_file_of_arrivals_goes_on_for_a_month(tmp_path: Path) -> None:
    file = tmp_path / "times.csv"
    file.write_text("".join(f"{second}\n" for second in range(3601)))
    _, results, _ = advice("--size", "1", "--arrivals", str(file))

    for each in estimates(results):
        assert each.run.requests == pytest.approx(730 * 3600, rel=0.001)
