"""Exported states of releases, which the present program must be able to take over.

`python -m tests.engine.kept_states 1.0` keeps those of this release, in `states/1.0/`. Run it once for each release: a
kept state is never written again.
"""

import argparse
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.engine.running import engine_run
from local.stack import SETTINGS
from local.stack_config import PROJECT

STATES = Path(__file__).with_name("states")

MODELS = "build/repository"
"""Stands in a kept state for the directory of the models, which lies somewhere else on each machine."""

OF_THIS_MACHINE = frozenset({"sourcePosition", "stackTrace"})
"""Where in the program a resource was registered; not part of a kept state."""

SHAPES: Mapping[str, Mapping[str, Any]] = {
    "efs-multi-http": {
        **{"storage": "efs", "mode": "multi", "api": "http", "domainName": "models.example.com"},
        "certificateArn": "arn:aws:acm:eu-central-1:000000000000:certificate/0a",
    },
    "s3files-single-rest": {"storage": "s3files", "mode": "single", "api": "rest", "monitoring": True},
}
"""The settings of the stacks whose states are kept, by the name of the file."""


def keep(release: str, models: Path) -> None:
    """Deploy each shape and keep its state."""
    for name, settings in SHAPES.items():
        with tempfile.TemporaryDirectory() as directory, engine_run(Path(directory) / "pulumi") as run:
            done = run.stack.up({**SETTINGS, "modelRepository": str(models), **settings})
            if not done.succeeded:
                raise SystemExit("\n".join(done.errors))
            exported = run.stack.exported()
        for each in exported["deployment"]["resources"]:
            for own in OF_THIS_MACHINE & each.keys():
                del each[own]
        state = json.dumps(exported, indent=1, sort_keys=True).replace(str(models), MODELS)
        path = STATES / release / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{state}\n", encoding="utf-8")


def main() -> None:
    """Keep the states of this release."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("release", help="the release whose program is in this directory, such as 1.0")
    release = parser.parse_args().release
    if (STATES / release).exists():
        raise SystemExit(f"the states of {release} are kept already, and are never written again")
    with tempfile.TemporaryDirectory() as directory:
        models = Path(directory) / "repository"
        shutil.copytree(PROJECT / MODELS / "iris", models / "iris")
        keep(release, models)


if __name__ == "__main__":
    main()
