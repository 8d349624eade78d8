"""A function of one model sees its own directory of a file system, and answers from it."""

import json
import urllib.request
from pathlib import Path

import pytest

from local.stack import local_stack

FEATURES = {"iris": 4, "wine": 13}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("storage", ["efs", "s3files"])
def test_a_function_of_one_model_sees_its_own_directory_and_answers_from_it(repository: Path, storage: str):
    settings = {"storage": storage, "mode": "single", "models": json.dumps(list(FEATURES))}
    with local_stack({**settings, "modelRepository": str(repository)}) as stack:
        for model, count in FEATURES.items():
            body = json.dumps({"instances": [[1.0] * count]}).encode()
            request = urllib.request.Request(f"{stack.api_url}/v1/models/{model}:predict", data=body)  # noqa: S310 ours
            with urllib.request.urlopen(request) as answer:  # noqa: S310 ours
                assert len(json.loads(answer.read())["predictions"]) == 1
            mounts = stack.invocations.function(stack.function_of(model)).mounts
            assert list(mounts) == [f"/mnt/{model}"]
            assert (mounts[f"/mnt/{model}"] / "current.json").is_file()
