"""Layers: equal sources give equal layers, and images share their common layers."""

import shutil
from pathlib import Path, PurePosixPath

from components.storage.model_staging import StagedFile, stage
from handlers.contract import BAKED_PATH
from tests.images.conftest import MODELS, Build
from tests.images.docker import Image


def test_a_clean_build_of_another_checkout_is_the_same_layers(
    baked: Image, build_image: Build, context: Path, tmp_path: Path
):
    checkout = tmp_path / "context"
    shutil.copytree(context, checkout, copy_function=shutil.copyfile)
    for path in checkout.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    again = build_image("baked-tensorflow", models_directory=MODELS, context=checkout, no_cache=True)
    assert again.layers == baked.layers


def test_each_larger_target_has_one_layer_more(litert: Image, onnxruntime: Image, tensorflow: Image, base: Image):
    assert litert.layers[: len(base.layers)] == base.layers
    for small, large in ((litert, onnxruntime), (onnxruntime, tensorflow)):
        assert set(small.layers) < set(large.layers)
        assert len(set(large.layers) - set(small.layers)) == 1


def test_baked_models_are_one_more_layer_the_last(tensorflow: Image, baked: Image):
    assert baked.layers[:-1] == tensorflow.layers


def test_the_models_layer_stays_when_the_code_changes(baked: Image, build_image: Build, context: Path, tmp_path: Path):
    copy = shutil.copytree(context, tmp_path / "context")
    contract = copy / "handlers" / "contract.py"
    contract.write_text(contract.read_text() + "\nCHANGED = True\n")
    changed = build_image("baked-tensorflow", models_directory=MODELS, context=copy)
    assert changed.layers[-1] == baked.layers[-1]
    assert changed.layers[-2] != baked.layers[-2]
    assert changed.layers[:-2] == baked.layers[:-2]


def test_a_pointer_of_equal_size_is_the_new_one_in_the_next_image(build_image: Build, context: Path, tmp_path: Path):
    copy, source = shutil.copytree(context, tmp_path / "context"), tmp_path / "current.json"
    path = PurePosixPath("iris/current.json")
    for version in (1, 2):
        source.write_text(f'{{"version": {version}}}')
        staged = StagedFile(source=source, path=path, size=source.stat().st_size, sha256=None)
        stage([staged], copy / MODELS)
        image = build_image("baked-litert", models_directory=MODELS, context=copy)
        assert image.python(f"print(open('{BAKED_PATH}/{path}').read())").strip() == source.read_text()
