"""Cold start of containers: each target beside an image with a plain `pip install tensorflow-cpu`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, ratio_figure
from benchmarks.image_engine import ImageEngine
from benchmarks.markdown import seconds, table
from benchmarks.paths import PROJECT
from benchmarks.requests import answered_numbers, check_answers, event_for
from benchmarks.statistics import median, paired_ratio
from benchmarks.subjects import Subject, prepare, repository
from benchmarks.ways import FROZEN, KERAS, LITERT, SAVED_MODEL_LOAD, Way
from handlers.contract import MODEL_NAMES, MODEL_STORE_URI, MOUNT_PATH
from models.profiling.environment import LAMBDA_VARIABLES

TITLE = "Cold start in a container"
SUBJECTS = ("iris", "mobilenet_v2")
BASELINES = "/mnt/baselines"


@dataclass(frozen=True)
class Served:
    """A way to serve a model, and its image."""

    way: Way
    image: str

    @property
    def key(self) -> str:
        """Its name in the record."""
        return self.way.key


SERVED = (
    Served(LITERT, "litert"),
    Served(FROZEN, "tensorflow"),
    Served(SAVED_MODEL_LOAD, "plain"),
    Served(KERAS, "plain"),
)


def measure(quick: bool) -> dict[str, Any]:
    """Start new containers in turn: every model in every image, then the next round. Drops the first round."""
    engine = ImageEngine()
    images = engine.build()
    subjects = prepare(SUBJECTS[-1:] if quick else SUBJECTS)
    runs: list[dict[str, Any]] = []
    nothing: list[float] = []
    for number in range(-1, 1 if quick else 5):
        round_ = [_run(engine, images, subject, served) for subject in subjects for served in SERVED]
        empty = engine.empty_start_seconds(images["litert"])
        if number >= 0:
            runs += round_
            nothing.append(empty)
    for subject in subjects:
        check_answers(subject, runs)
    return {"nothing": nothing, "runs": [{key: run[key] for key in ("subject", "way", "seconds")} for run in runs]}


def figures(data: Mapping[str, Any]) -> Sequence[Figure]:
    """MobileNetV2 beside the plain image with the Keras handler."""
    theirs = _column(data, "mobilenet_v2", KERAS.key)
    return [
        ratio_figure(
            f"MobileNetV2, target `{served.image}`: first answer sooner than from the plain image",
            paired_ratio(theirs, _column(data, "mobilenet_v2", served.key)),
            "at least",
            bound,
        )
        for served, bound in ((SERVED[0], 5), (SERVED[1], 3))
    ]


def write(data: Mapping[str, Any], images: Path) -> str:
    """One table."""
    rows: list[list[str]] = []
    for subject in dict.fromkeys(run["subject"] for run in data["runs"]):
        plain = _column(data, subject, KERAS.key)
        for served in SERVED:
            measured = _column(data, subject, served.key)
            beside = "" if served.way is KERAS else f"{paired_ratio(plain, measured).value:.1f}× sooner"
            rows.append([subject, served.way.label, f"`{served.image}`", seconds(median(measured)), beside])
    return "\n".join(
        [
            "The time from just before a new container is made until its first answer has arrived, with the page cache "
            "warm. The container has a read-only root, a /tmp in memory, Lambda's user and no privileges. The model is "
            f"in a mounted directory. {seconds(median(data['nothing']))} of each time are for making the container; on "
            "AWS that is Lambda's part. All ways gave the same answers.\n",
            table(["model", "way", "image", "first answer", "beside Keras in the plain image"], rows, numbers_from=3),
        ]
    )


def _run(engine: ImageEngine, images: Mapping[str, str], subject: Subject, served: Served) -> dict[str, Any]:
    plain = served.way.form is None
    if served.way.form:
        variables = {MODEL_STORE_URI: f"file://{MOUNT_PATH}", MODEL_NAMES: subject.name}
        mounts = {repository(served.way.form): MOUNT_PATH}
        command = ["python3", "-m", "awslambdaric", served.way.handler]
    else:
        path = subject.keras_file if served.way is KERAS else subject.saved_model
        variables = {"MODEL_PATH": f"{MOUNT_PATH}/{path.name}", "PYTHONPATH": BASELINES, "HOME": "/tmp"}  # noqa: S108
        mounts = {path.parent: MOUNT_PATH, PROJECT / "benchmarks" / "baselines": BASELINES}
        command = ["/venv/bin/python", "-m", "awslambdaric", served.way.handler.removeprefix("benchmarks.baselines.")]
    environment = {**LAMBDA_VARIABLES, **variables}
    event = event_for(subject, plain=plain)
    took, answer = engine.cold_start(images[served.image], command, environment, mounts, event)
    print(f"  {subject.name}, {served.key}, image {served.image}: {seconds(took)}", flush=True)
    return {"subject": subject.name, "way": served.key, "seconds": took, "numbers": answered_numbers(answer)}


def _column(data: Mapping[str, Any], subject: str, way: str) -> list[float]:
    """Seconds, round by round."""
    return [run["seconds"] for run in data["runs"] if (run["subject"], run["way"]) == (subject, way)]
