"""A diagram of a stack in Mermaid, drawn from what the program registers."""

from collections.abc import Iterator

from ops.recorder import Recorder

FUNCTION_TEXT = {
    "single": "a function for each model<br/>loads it at start",
    "multi": "one function for all models<br/>loads each on first use",
}


def diagram(stack: Recorder, mode: str) -> str:
    """The way of a request and the way of a model, as a Mermaid flowchart."""
    return "\n".join(["```mermaid", "flowchart LR", *_lines(stack, mode), "```"])


def _lines(stack: Recorder, mode: str) -> Iterator[str]:
    yield "  caller([caller]) -->|HTTPS| api[API Gateway]"
    yield "  api --> function"
    yield "  publisher([whoever publishes]) -->|a new version| bucket[(S3 bucket)]"
    if stack.of("aws:efs/fileSystem:FileSystem"):
        yield from _inside_the_network(mode, "EFS file system", "    sync[sync function] -->|copies and checks| files")
        yield "  bucket -->|on upload, and once at deployment| sync"
        yield "  sync -.->|what failed| queue[(SQS queue)]"
    elif stack.of("aws:s3/filesFileSystem:FilesFileSystem"):
        yield from _inside_the_network(mode, "S3 Files file system")
        yield "  bucket <-->|the same content| files"
    else:
        yield f'  function["{FUNCTION_TEXT[mode]}"]'
        if _bakes(stack):
            yield "  build([pulumi up]) -->|models as the last layer| image[(image in ECR)]"
            yield "  image -->|holds the models| function"
        else:
            yield "  bucket -->|fetched over HTTPS| function"


def _inside_the_network(mode: str, file_system: str, *more: str) -> Iterator[str]:
    yield '  subgraph network["private subnets, no way to the internet"]'
    yield f'    function["{FUNCTION_TEXT[mode]}"]'
    yield f"    files[({file_system})] -->|mounted, read-only| function"
    yield from more
    yield "  end"


def _bakes(stack: Recorder) -> bool:
    """Whether functions find their models in the image."""
    return any(
        variables.get("MODEL_STORE_URI", "").startswith("file:///opt/")
        for each in stack.of("aws:lambda/function:Function")
        for variables in [(each.inputs.get("environment") or {}).get("variables") or {}]
    )
