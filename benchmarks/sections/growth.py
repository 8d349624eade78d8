"""Growth: what Pulumi's engine does for ten, a hundred and a thousand models, in the emulated AWS of this machine."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, none_of
from benchmarks.markdown import seconds, table
from benchmarks.stacks import StackCase, measure_stack

TITLE = "Ten, a hundred and a thousand models"

STORAGES = ("s3", "efs", "s3files", "image")
PREVIEWS_AT_MOST = 12
"""Times that a preview of ten times as many models may take."""


def measure(quick: bool) -> dict[str, Any]:
    """Measure one stack after the other."""
    stacks: list[dict[str, Any]] = []
    for case in _cases(few=1, some=2, many=3, most=5) if quick else _cases(few=10, some=40, many=100, most=1000):
        print(f"  {case.models} models: {case.mode} {case.storage}", flush=True)
        stacks.append(measure_stack(case))
    return {"stacks": stacks}


def figures(data: Mapping[str, Any]) -> Sequence[Figure]:
    """How a preview grows, and what must not be."""
    stacks = data["stacks"]
    single = sorted(
        (each for each in stacks if (each["mode"], each["storage"]) == ("single", "s3")),
        key=lambda each: each["models"],
    )
    deployed = [each for each in stacks if each["deployed"]]
    return [
        Figure(
            what=f"mode single: preview of {single[-1]['models']} models beside that of {single[0]['models']}",
            value=single[-1]["preview_seconds"] / single[0]["preview_seconds"],
            unit="×",
            sense="at most",
            bound=PREVIEWS_AT_MOST,
        ),
        none_of(
            "stacks of many models: models without an answer",
            sum(each["models"] - each["answered"] for each in deployed),
        ),
        none_of(
            "stacks of many models: resources that a refresh or a second update changes",
            sum(each["changed_again"] for each in deployed),
        ),
    ]


def write(data: Mapping[str, Any], images: Path) -> str:
    """One table."""
    head = ["mode", "storage", "models", "resources", "preview", "first `up`", "`up` again", "publishing", "asking all"]
    rows = [
        [
            each["mode"],
            each["storage"],
            f"{each['models']:,}",
            f"{each['resources']:,}",
            *(
                seconds(each[key]) if key in each else ""
                for key in ("preview_seconds", "up_seconds", "again_seconds", "publish_seconds", "ask_seconds")
            ),
        ]
        for each in data["stacks"]
    ]
    return "\n".join(
        [
            "Pulumi's engine previews and deploys stacks of small models into the emulated AWS of this machine. Then "
            "each model is asked once, one after the other, which includes cold starts and loading. The times are "
            "those of the engine, the program and the emulator: AWS needs longer to make what they ask for. How they "
            "grow, and how many resources there are, holds there, too. Previews grow as the resources do. A first "
            "`up` grows faster, because the engine writes its whole state after each step. A stack with a time for "
            "publishing is born empty (`seedModels: false`) and filled afterwards: it has a resource for no model.\n",
            table(head, rows, numbers_from=2),
        ]
    )


def _cases(*, few: int, some: int, many: int, most: int) -> Sequence[StackCase]:
    """All models in one function in each storage, and fewer with a function each."""
    return [
        StackCase(mode="multi", storage="s3", models=few),
        *(StackCase(mode="multi", storage=storage, models=many) for storage in STORAGES),
        StackCase(mode="multi", storage="s3", models=most, born_empty=True),
        StackCase(mode="single", storage="s3", models=few),
        *(StackCase(mode="single", storage=storage, models=some) for storage in STORAGES),
        StackCase(mode="single", storage="s3", models=many, deployed=False),
    ]
