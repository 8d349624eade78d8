"""MLServer's own types, codecs and batch client, unchanged, against one stack. Runs in an environment of its own.

    python asking_mlserver.py URL QUESTIONS

QUESTIONS is a JSON file: rows of the model `iris`, and the answers to them. Prints what failed, and how much was asked.
"""

import itertools
import json
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
from mlserver import types
from mlserver.codecs import NumpyCodec, NumpyRequestCodec

checks: list[tuple[str, bool]] = []


def check(what: str, is_right: bool) -> None:
    checks.append((what, is_right))


def send(url: str, document: Any = None) -> tuple[int, Any]:
    body = None if document is None else document.model_dump_json().encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def ask_about(url: str, version: str) -> None:
    types.MetadataServerResponse.model_validate(send(f"{url}/v2")[1])
    for path in ("/v2/models/iris", f"/v2/models/iris/versions/{version}"):
        metadata = types.MetadataModelResponse.model_validate(send(url + path)[1])
        check(f"{path}: inputs", [tensor.name for tensor in metadata.inputs or []] == ["features"])
        check(f"{path}: outputs", [tensor.shape for tensor in metadata.outputs or []] == [[-1, 3]])
        check(f"{path}: versions", version in (metadata.versions or []))
    status, index = send(f"{url}/v2/repository/index", types.RepositoryIndexRequest(ready=True))
    entries = types.RepositoryIndexResponse.model_validate(index).root
    check("index", status == 200 and all(types.State(each.state) is types.State.READY for each in entries))
    for path, expected in (("/v2/models/iris/ready", 200), ("/v2/models/zebra/ready", 404), ("/v2/models/zebra", 404)):
        check(path, send(url + path)[0] == expected)


def ask_for_answers(url: str, version: str, rows: np.ndarray, answers: np.ndarray) -> None:
    paths = ("/v2/models/iris/infer", f"/v2/models/iris/versions/{version}/infer")
    counts, identifiers = range(1, len(rows) + 1), ("a-1", None)
    for path, count, named, identifier in itertools.product(paths, counts, (True, False), identifiers):
        request = types.InferenceRequest(
            id=identifier,
            inputs=[NumpyCodec.encode_input("features", rows[:count])],
            outputs=[types.RequestOutput(name="probabilities")] if named else None,
        )
        status, document = send(url + path, request)
        response = types.InferenceResponse.model_validate(document)
        what = f"{path}, {count} rows, outputs named {named}, id {identifier}"
        check(f"{what}: status", status == 200)
        check(f"{what}: answer", np.allclose(NumpyCodec.decode_output(response.outputs[0]), answers[:count], rtol=1e-6))
        check(f"{what}: id", response.id == identifier and response.model_version == version)
    request = NumpyRequestCodec.encode_request(rows)
    status, refused = send(url + paths[0], request)  # the codec names its input `input-0`
    check("an unknown input", status == 400 and bool(types.InferenceErrorResponse.model_validate(refused).error))


def ask_in_batches(url: str, rows: np.ndarray, answers: np.ndarray) -> None:
    """`mlserver infer`, which merges lines of a file into requests and splits the answers."""
    with tempfile.TemporaryDirectory() as directory:
        given, got = Path(directory, "given"), Path(directory, "got")
        lines = [
            types.InferenceRequest(id=str(number), inputs=[NumpyCodec.encode_input("features", row[None])])
            for number, row in enumerate(rows)
        ]
        given.write_text("".join(line.model_dump_json() + "\n" for line in lines))
        for size in (1, 2, 5):
            command = [str(Path(sys.executable).with_name("mlserver")), "infer", "-u", url.removeprefix("http://")]
            command += ["-m", "iris", "-i", str(given), "-o", str(got), "-s", str(size)]
            done = subprocess.run(command, capture_output=True, text=True)
            check(f"batches of {size}: {done.stderr[-500:]}", done.returncode == 0)
            found = {}
            for line in got.read_text().splitlines():
                response = types.InferenceResponse.model_validate_json(line)
                found[response.id] = NumpyCodec.decode_output(response.outputs[0])[0]
            for number, answer in enumerate(answers):
                right = str(number) in found and np.allclose(found[str(number)], answer, rtol=1e-6)
                check(f"batches of {size}, row {number}", right)


def main(url: str, questions: str) -> None:
    given = json.loads(Path(questions).read_text())
    rows, answers = np.array(given["rows"], np.float32), np.array(given["answers"], np.float32)
    ask_about(url, given["version"])
    ask_for_answers(url, given["version"], rows, answers)
    ask_in_batches(url, rows, answers)
    print(json.dumps({"asked": len(checks), "failed": [what for what, is_right in checks if not is_right]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
