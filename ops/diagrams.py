"""A diagram of a stack in Mermaid: the way of a request and the way of a model."""

from collections.abc import Iterator, Mapping

from ops.storages import Storage

MODES: Mapping[str, str] = {
    "multi": "one function for all models<br/>loads each on first use",
    "single": "a function for each model<br/>loads it at start",
}
"""The values of the setting `mode`, and what a diagram says of the functions."""


def diagram(storage: Storage, mode: str) -> str:
    """The flowchart of a stack with a storage and a mode."""
    return "\n".join(["```mermaid", "flowchart LR", *_lines(storage, mode), "```"])


def _lines(storage: Storage, mode: str) -> Iterator[str]:
    yield "  caller([caller]) -->|HTTPS| api[API Gateway]"
    yield "  api --> function"
    yield "  publisher([publisher]) -->|a new version| bucket[(S3 bucket)]"
    function = f'function["{MODES[mode]}"]'
    if storage.in_network:
        yield '  subgraph network["private subnets, no way to the internet"]'
        yield from (f"    {line}" for line in (function, *storage.in_network))
        yield "  end"
    else:
        yield f"  {function}"
    yield from (f"  {line}" for line in storage.arrows)
