"""Cold start: the time from the start of a function's process to its first answer."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import page_cache, plots
from benchmarks.figures import Figure, ratio_figure
from benchmarks.markdown import megabytes, picture, seconds, table
from benchmarks.process_start import Start, cold_start
from benchmarks.requests import answered_numbers, check_answers, event_for
from benchmarks.statistics import median, paired_ratio
from benchmarks.subjects import SUBJECT_NAMES, Subject, prepare
from benchmarks.ways import FROZEN, KERAS, LITERT, WAYS, Way, recorded

TITLE = "Cold start"
CACHES = {"warm": "page cache warm", "dropped": "page cache dropped"}


def measure(quick: bool) -> dict[str, Any]:
    """Start new processes in turn: every model in every way, then the next round."""
    subjects = prepare(("iris", "mobilenet_v2") if quick else SUBJECT_NAMES)
    runs = _rounds("warm", subjects, 1 if quick else 5)
    if page_cache.may_drop():
        runs += _rounds("dropped", subjects[:1] if quick else subjects, 1 if quick else 3)
    for subject in subjects:
        check_answers(subject, runs)
    return {"runs": [{key: value for key, value in run.items() if key != "numbers"} for run in runs]}


def figures(data: Mapping[str, Any]) -> Sequence[Figure]:
    """MobileNetV2 beside the Keras handler."""
    found: list[Figure] = []
    for cache, way, bound in (("warm", LITERT, 30), ("warm", FROZEN, 6), ("dropped", LITERT, 15)):
        ours = _column(data, cache, "mobilenet_v2", way, "answered_seconds")
        theirs = _column(data, cache, "mobilenet_v2", KERAS, "answered_seconds")
        if ours:
            what = f"MobileNetV2, `{way.engine}`: first answer sooner than the Keras handler's, {CACHES[cache]}"
            found.append(ratio_figure(what, paired_ratio(theirs, ours), "at least", bound))
    if read := _column(data, "dropped", "mobilenet_v2", LITERT, "read_bytes"):
        what = "MobileNetV2, `litert`: read from disk, page cache dropped"
        found.append(Figure(what=what, value=median(read) / 1e6, unit=" MB", sense="at most", bound=100))
    return found


def write(data: Mapping[str, Any], images: Path) -> str:
    """Tables for both states of the page cache, and a plot."""
    parts = [
        "Each measurement starts a new process of `python -m awslambdaric <handler>`, as Lambda does, and sends it one "
        "event. The time runs from just before the process starts until its answer has arrived. Every round starts "
        "every model in every way once. The tables show medians. The answers of all ways were compared.\n",
        "Our handler is `handlers.single_model`, with its model in a directory. Two handlers are written as in "
        "tutorials, and load the model outside the function: "
        "[`keras_handler.py`](../benchmarks/baselines/keras_handler.py) uses `load_model` and `predict`, "
        "[`saved_model_handler.py`](../benchmarks/baselines/saved_model_handler.py) uses `tf.saved_model.load` and "
        "calls the signature. MobileNetV2 and ResNet50 are untrained, which does not change their speed.\n",
    ]
    for cache, words in CACHES.items():
        if rows := _rows(data, cache):
            parts += [f"### {words.capitalize()}\n", table(_HEADER, rows, numbers_from=2)]
        else:
            parts += [f"### {words.capitalize()}\n", "Not measured: only root on Linux may drop the page cache.\n"]
    shown = recorded({run["way"] for run in data["runs"]})
    series = {
        CACHES[cache]: [median(_column(data, cache, "mobilenet_v2", way, "answered_seconds")) for way in shown]
        for cache in CACHES
        if _column(data, cache, "mobilenet_v2", KERAS, "answered_seconds")
    }
    title = "MobileNetV2: start of the process to the first answer, seconds"
    plots.bars(images / "cold-start.svg", title, [plots.plain(way.label) for way in shown], series)
    parts.append(picture("cold-start.svg", title))
    return "\n".join(parts)


_HEADER = ["model", "way", "first answer", "beside Keras", "ready", "read from disk", "peak memory"]


def _rows(data: Mapping[str, Any], cache: str) -> list[list[str]]:
    rows: list[list[str]] = []
    for name in dict.fromkeys(run["subject"] for run in data["runs"] if run["cache"] == cache):
        keras = _column(data, cache, name, KERAS, "answered_seconds")
        for way in recorded({run["way"] for run in data["runs"]}):
            answered = _column(data, cache, name, way, "answered_seconds")
            rows.append(
                [
                    name,
                    way.label,
                    seconds(median(answered)),
                    f"{paired_ratio(keras, answered).value:.1f}× sooner" if way is not KERAS else "",
                    seconds(median(_column(data, cache, name, way, "ready_seconds"))),
                    megabytes(median(_column(data, cache, name, way, "read_bytes"))),
                    megabytes(median(_column(data, cache, name, way, "peak_memory_bytes"))),
                ]
            )
    return rows


def _column(data: Mapping[str, Any], cache: str, subject: str, way: Way, what: str) -> list[float]:
    """One measurement, round by round."""
    wanted = (cache, subject, way.key)
    return [run[what] for run in data["runs"] if (run["cache"], run["subject"], run["way"]) == wanted]


def _rounds(cache: str, subjects: Sequence[Subject], rounds: int) -> list[dict[str, Any]]:
    """Start every subject in every way, round after round; drops a first round, which fills the page cache."""
    return [
        {"cache": cache, "subject": subject.name, "way": way.key, **found}
        for number in range(-1 if cache == "warm" else 0, rounds)
        for subject in subjects
        for way in WAYS
        if (found := _run(subject, way, cache)) and number >= 0
    ]


def _run(subject: Subject, way: Way, cache: str) -> dict[str, Any]:
    event = event_for(subject, plain=way.plain)
    if cache == "dropped":
        page_cache.drop()
    start: Start = cold_start(way.handler, way.environment(subject), event)
    print(f"  {subject.name}, {way.key}, {CACHES[cache]}: {seconds(start.answered_seconds)}", flush=True)
    return {
        "answered_seconds": start.answered_seconds,
        "ready_seconds": start.ready_seconds,
        "read_bytes": start.read_bytes,
        "peak_memory_bytes": start.peak_memory_bytes,
        "numbers": answered_numbers(start.answer),
    }
