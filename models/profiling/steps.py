"""The steps of a cold start."""

from collections.abc import Mapping

PYTHON, IMPORTS, INIT, FIND = "python", "imports", "init", "find"
FETCH, ENGINE, MAP, PLAN, INFERENCE = "fetch", "engine", "map", "plan", "first inference"
REQUEST, REST = "first request", "not told apart"
FURTHER_INFERENCE = "further inference"
"""Part of a request's line: the model has been run before."""

STEPS: Mapping[str, str] = {
    PYTHON: "the process, Python and the runtime client, until the first line of the handler",
    IMPORTS: "the modules of the handler",
    INIT: "what else init does: opens the store, makes a request to plan for",
    FIND: "reads from the store which version answers, and its manifest",
    FETCH: "brings the files from the store, or compares them with their checksums where they lie",
    ENGINE: "the engine's modules and libraries: the time that they take longer than the fetch",
    MAP: "the engine opens the files",
    PLAN: "LiteRT plans its memory; other engines plan in their first inference",
    INFERENCE: "the model runs for the first time, for the first request",
    REQUEST: "reads the first request, writes the answer",
    REST: "the exchange with the runtime client, and what lies between the steps",
}
"""Each step in its order, and what it is."""
