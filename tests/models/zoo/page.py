"""docs/models.md: what can be packaged, out of the rows of the zoo.

python -m tests.models.zoo.page
"""

import tempfile
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from tests.models.zoo.exhibit import Exhibit
from tests.models.zoo.making import make_zoo, read_zoo
from tests.paths import PROJECT

PAGE = PROJECT / "docs" / "models.md"
ENGINES = {"litert": "LiteRT", "onnxruntime": "ONNX Runtime", "tensorflow": "TensorFlow"}

HEAD = """\
# What can be packaged

Written by `python -m tests.models.zoo.page`, out of the {count} small models of `tests/models/zoo`. {served} of them
are to answer over HTTP what the framework that made them answers, and {refused} to be refused in the words below.
`make zoo` packages, serves and compares all of them; `make test` does it for some. TensorFlow itself runs {runs} of
them, and {served} of these are packaged: {share:.1%}. The tables of what is refused say which of those it runs.

## Names

An input or output is called as its author called it: `class`, `sepal-length` and `größe` are names like any other.
An input of a Keras model has its key if the inputs are one dictionary, else the name of its `Input` layer. An output
has its key if the outputs are one dictionary, else the name of the layer that makes it; further outputs of one layer
are numbered (`score`, `score_1`). A sparse input is given dense. A ragged input is given as its values, and its row
splits under the name with `_row_splits` behind it.

## Classes of one's own

A Keras file does not hold the code of layers and models of one's own. Either the program that has the code exports a
SavedModel with `model.export(directory)`, or packaging imports the module that defines them: `--import flowers.layers`.
If the module is not installed, `PYTHONPATH` names the directory that holds it. It runs on the machine that packages;
the machine that serves needs no code.

## Samples

A model is tried on random requests. One that rejects them needs real ones: `--samples` takes

| | |
| --- | --- |
| `samples.npz` | an array for each input, `numpy.savez(path, input_name=array)` |
| a directory | the same as `.npy` files, which are named as the inputs |
| `samples.jsonl` | a request in each line as clients send it, `{{"instances": [...]}}` or `{{"inputs": {{...}}}}` |

Bytes are `{{"b64": "..."}}` in a `.jsonl` file, exactly. numpy drops zero bytes at the end of byte strings.

Arrays of one length are examples, and are sent in batches of 1, of 5 and of the rest. Arrays of several lengths, such
as the values and row splits of a ragged tensor, or the nodes and edges of a graph, are one request.

## What is compared

The measure is what the framework itself answers: `model.predict`, the SavedModel's signature, the interpreter of a
`.tflite` file. An engine serves a signature only if it

- answers batches of one and of several, of narrow and of wide ranges, within the tolerance;
- does the same with other sizes of every free dimension, other ranks where the rank is open, the extremes of integers,
  empty texts and bytes that are no text, or rejects such a request as the framework does;
- answers the same when all requests come once more in the reverse order.

Engines compute differently with numbers that are not finite (NaN, infinity), or are the largest and smallest of their
type. Where an engine does, packaging says so, and the manifest holds it; `--strict` refuses such an engine.

Of a SavedModel with several graphs, the one is served that is tagged `serve` and nothing else, as TensorFlow does. A
request may leave out inputs that have default values (`SignatureDef.defaults`).

## Which form serves

Of the forms whose answers are the same, LiteRT is preferred to ONNX Runtime, that to a frozen graph, and that to the
SavedModel as it is. A less preferred form serves a signature only if it costs clearly less:

| `--prefer` | what a form costs | clearly less |
| --- | --- | --- |
| not given | `cold`, and 50 times `warm`, and half a second for each GiB of `memory` | under 0.8 of it |
| `cold` | processor time from the start of a process to its first answer | under 0.8 of it |
| `warm` | the fastest of up to 50 calls | under 0.8 of it |
| `memory` | memory in RAM after all answers, the engine included | under 0.95 of it |
| `size` | the bytes of the files that serving reads | less |

ONNX Runtime is tried for the signatures that LiteRT cannot serve, such as recurrent layers over any length, and for
those at which it loses, such as large `Conv3D`; with `--prefer`, for all. It takes no texts, no bfloat16 and no complex
numbers. A model that checks its input (`Assert`, `CheckNumerics`) goes to TensorFlow, which keeps the check: an ONNX
file has none. So does one that leaves out rows by their values before a recurrent layer.

`package` and `publish --from` take it. It is part of what a version is: the same model with another preference is
another version. The manifest keeps what every form cost and why it lost, and `show` prints it:

```console
$ python -m models show digits
…
  serving_default: image float32[?, 8, 8, 1] → probabilities float32[?, 10]
    form             cold       warm  memory    size   why
    tflite        0.174 s   0.026 ms   41 MB  119 kB   serves
    frozen graph  0.446 s   0.436 ms  346 MB  271 kB   costs 0.63 s where LiteRT costs 0.19 s
    saved model   0.488 s   0.668 ms  354 MB  175 kB   costs 0.69 s where LiteRT costs 0.19 s
```

Packaging measures what a version takes in memory, and says which function loads it. A stack whose `memoryMib` is less
is refused at preview. What each further row of a request adds to a call is measured too, where rows add something:
`show` says how many rows a function takes in one request, and a larger one is answered with 413 before it is computed.
The measure is a line: a model that compares all elements of a row with each other takes more for long rows than that.
No function has more than 10,240 MiB; files of LiteRT, of ONNX and of frozen graphs end at 2 GiB.
"""


def page_of(zoo: Sequence[Exhibit]) -> str:
    """The page."""
    refused = sum(1 for exhibit in zoo if exhibit.refusal)
    served, runs = len(zoo) - refused, sum(1 for exhibit in zoo if exhibit.runs)
    head = HEAD.format(count=len(zoo), served=served, refused=refused, runs=runs, share=served / runs)
    return "\n".join([head, *_wings(zoo)])


def _wings(zoo: Sequence[Exhibit]) -> Iterator[str]:
    for wing, exhibits in groupby(zoo, lambda exhibit: exhibit.wing):
        rows = list(exhibits)
        yield f"## {wing}\n"
        if served := [row for row in rows if not row.refusal]:
            yield "| model | form | served by |\n| --- | --- | --- |"
            yield from (f"| {_cell(row.title)} | {row.form} | {_engines(row)} |" for row in served)
            yield ""
        if refused := [row for row in rows if row.refusal]:
            yield "| refused | form | TensorFlow runs it | what packaging says |\n| --- | --- | --- | --- |"
            yield from (
                f"| {_cell(row.title)} | {row.form} | {'yes' if row.runs else 'no'} | {_cell(_said(row))} |"
                for row in refused
            )
            yield ""


def _engines(row: Exhibit) -> str:
    return " and ".join(ENGINES[engine] for engine in sorted(row.engines))


def _said(row: Exhibit) -> str:
    return row.refusal.replace("<source>", "PATH").replace("<", "").replace(">", "").replace("\n", " ")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="zoo-") as directory:
        make_zoo(Path(directory), [])
        PAGE.write_text(page_of(list(read_zoo(Path(directory)).values())), encoding="utf-8")
