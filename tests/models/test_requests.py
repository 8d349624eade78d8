"""Requests that candidates are tried on, and what is made of their answers."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest

from handlers.manifest import Signature, TensorSpec
from models.packaging.errors import PackagingError, Undecided, reason_of
from models.packaging.judgement import Rules, judge
from models.packaging.meta_graph import read_meta_graph, read_signatures
from models.packaging.requests.edges import edge_requests
from models.packaging.requests.exchange import Exchange, Rejection, Request, ask
from models.packaging.requests.generated import generate_requests
from models.packaging.requests.sample_files import read_samples
from models.packaging.requests.samples import refuse_unusable_samples, requests_from_samples
from models.packaging.requests.vocabulary import Vocabulary
from models.packaging.static_shapes import fits_of
from tests.models import saved_models


def signature(**inputs: tuple[str, tuple[int, ...] | None]) -> Signature:
    return Signature(
        inputs={name: TensorSpec(dtype=dtype, shape=shape, tensor=name) for name, (dtype, shape) in inputs.items()},
        outputs={},
    )


def accept(request):
    """A model that takes any request."""


def edges(made: Signature, operations=()) -> dict[str, Request]:
    base = generate_requests("m", made, accept)[2].inputs
    return {request.what: request for request in edge_requests(made, base, operations)}


def test_a_batch_of_none_is_asked_where_the_batch_is_free():
    assert edges(signature(x=("float32", (-1, 3))))["a batch of none"].inputs["x"].shape == (0, 3)
    assert "a batch of none" not in edges(signature(x=("float32", (2, 3))))


def test_every_free_dimension_is_asked_at_two_sizes_together_and_alone():
    found = edges(signature(x=("float32", (-1, -1, -1, 3))))
    shapes = {what: request.inputs["x"].shape for what, request in found.items() if what.startswith("3 more")}
    assert shapes == {
        "3 more in x (dimension 1), x (dimension 2)": (5, 11, 11, 3),
        "3 more in x (dimension 1)": (5, 11, 8, 3),
        "3 more in x (dimension 2)": (5, 8, 11, 3),
    }


def test_a_free_dimension_gets_the_first_size_that_fits():
    pictures = signature(x=("float32", (-1, -1, -1, 3)))

    def sizes(fits) -> set[int]:
        requests = generate_requests("m", pictures, accept, fits=fits)
        return {size for request in requests for size in request.inputs["x"].shape[1:3]}

    assert sizes(lambda shapes: shapes["x"][1] > 8) == {64}
    assert sizes(lambda shapes: shapes["x"][1] > 64) == {256}
    assert sizes(lambda shapes: False) == {8}


@pytest.mark.parametrize(("size", "fits"), [(1, False), (8, False), (14, False), (15, True), (64, True)])
@pytest.mark.parametrize("others", [{}, {"other": saved_models.holds_nothing}])
def test_a_picture_fits_if_something_is_left_of_it_in_every_layer(tmp_path, size, fits, others):
    saved = saved_models.save(tmp_path / "m", serving_default=saved_models.shrinks, **others)
    assert fits_in(saved)({"picture": (1, size, size, 3)}) is fits


def test_what_is_empty_at_every_size_says_nothing_about_a_request(tmp_path):
    saved = saved_models.save(tmp_path / "m", serving_default=saved_models.holds_nothing)
    assert fits_in(saved)({"steps": (1, 8, 3)})


def test_where_a_rank_is_unknown_everything_fits(tmp_path):
    saved = saved_models.save(tmp_path / "m", serving_default=saved_models.of_unknown_rank)
    assert fits_in(saved)({"anything": (1,), "steps": (1, 8, 3)})


def fits_in(saved: Path):
    meta_graph = read_meta_graph(saved)
    return fits_of(meta_graph, read_signatures(meta_graph)["serving_default"])


def test_an_open_rank_is_asked_as_a_scalar_and_as_a_matrix():
    found = edges(signature(x=("string", None)))
    assert found["inputs of rank 0"].inputs["x"].shape == ()
    assert found["inputs of rank 2"].inputs["x"].shape == (2, 5)


def test_integers_are_asked_at_their_extremes_unless_they_may_be_sizes():
    made = signature(x=("int32", (-1,)))
    assert set(edges(made)) >= {"-1 in x", "100000 in x", f"{-(2**31)} in x", f"{2**31 - 1} in x"}
    assert {what for what in edges(made, ["Fill"]) if what.endswith("in x")} == {"-1 in x", "100000 in x"}
    assert set(edges(signature(x=("uint8", (-1,))), ["Fill"])) >= {"0 in x", "255 in x"}


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_numbers_that_are_not_finite_and_extreme_stand_first_and_last_in_one_row_each(dtype):
    made = signature(x=(dtype, (-1, 4)))
    base = generate_requests("m", made, accept)[2].inputs
    found = [(each.what, each.inputs["x"].astype(np.float64)) for each in edge_requests(made, base, ())]
    for place in (0, -1):
        not_finite = [rows for what, rows in found if what == "numbers that are not finite"][place]
        assert np.isnan(not_finite[0, place])
        assert (not_finite[1, place], not_finite[2, place]) == (np.inf, -np.inf)
        assert np.isfinite(not_finite[3:]).all()
        largest = [rows[:, place] for what, rows in found if what == "the largest and the smallest numbers"][place]
        assert largest[0] == -largest[1] > 6e4
        assert 0 < largest[2] < 1e-4


def test_texts_are_asked_empty_and_as_bytes_that_are_no_text():
    (texts,) = edges(signature(x=("string", (-1,))))["empty texts, and bytes that are no text, in x"].inputs.values()
    assert {b"", b"\xff\xfe\x00"} <= set(texts)


def test_generated_requests_use_what_the_model_knows_if_it_accepts_that():
    made = signature(word=("string", (-1,)), code=("int64", (-1,)))
    known = Vocabulary((b"rome", b"oslo"), (10, 20))
    words, codes = set[bytes](), set[int]()
    for request in generate_requests("m", made, accept, known):
        words |= set(request.inputs["word"])
        codes |= set(request.inputs["code"].tolist())
    assert {b"rome", b"oslo"} & words
    assert {10, 20} & codes

    def only_small(request):
        assert request["code"].max() < 2

    assert max(r.inputs["code"].max() for r in generate_requests("m", made, only_small, known)) < 2


# Judging

ONE = np.ones((2, 1), np.float32)
USUAL = Request({"x": ONE})
UNUSUAL = Request({"x": ONE}, "unusual", "-1 in x")
NOT_FINITE = Request({"x": ONE}, "not finite", "numbers that are not finite")
EMPTY = Request({"x": ONE[:0]}, "empty", "a batch of none")


def verdict(request, expected, actual, *, again=None, strict=False):
    exchange = Exchange(requests=[USUAL, request], answers=[{"y": ONE}, expected])
    return judge(exchange, [{"y": ONE}, actual], [{"y": ONE}, again or actual], Rules(strict=strict))


def test_what_the_reference_rejects_must_be_rejected():
    rejected = Rejection("out of range")
    assert verdict(UNUSUAL, rejected, Rejection("gather index out of bounds")).difference.reason == ""
    reason = verdict(UNUSUAL, rejected, {"y": ONE}).difference.reason
    assert reason == "on -1 in x, it answers where TensorFlow says: out of range"
    assert "it says: no" in verdict(UNUSUAL, {"y": ONE}, Rejection("no")).difference.reason


def test_a_difference_on_numbers_that_are_not_finite_is_noted_and_loses_only_if_packaging_is_strict():
    other = {"y": ONE * np.nan}
    found = verdict(NOT_FINITE, {"y": ONE}, other)
    assert found.difference.reason == ""
    assert found.notes == (
        "numbers that are not finite: output y has NaN or infinity in other places than TensorFlow's",
    )
    assert verdict(NOT_FINITE, {"y": ONE}, other, strict=True).difference.reason


def test_a_batch_of_none_may_be_rejected_and_its_answer_has_no_values_to_differ():
    assert verdict(EMPTY, {"y": ONE[:0]}, Rejection("no")).difference.reason == ""
    assert verdict(EMPTY, Rejection("no"), {"y": ONE[:0]}).difference.reason == ""
    assert verdict(EMPTY, {"y": np.zeros((0, 1), np.float32)}, {"y": np.zeros((0, 2), np.float32)}).notes == ()
    assert verdict(EMPTY, {"y": ONE[:0]}, {"y": ONE}).difference.reason


def test_an_answer_that_depends_on_the_calls_before_loses():
    assert (
        "depend on the calls before" in verdict(UNUSUAL, {"y": ONE}, {"y": ONE}, again={"y": ONE * 2}).difference.reason
    )


class Reference:
    """Answers usual requests with ones; of the others it is undecided on one, and rejects one."""

    def run(self, signature, inputs):
        return {"y": ONE}

    def probe(self, signature, inputs):
        if inputs is UNUSUAL.inputs:
            raise Undecided
        if inputs is EMPTY.inputs:
            raise ValueError("no")
        return {"y": ONE}


def test_a_request_on_which_the_reference_is_undecided_is_left_out():
    usual, unusual = Request({"x": ONE * 1}), UNUSUAL._replace(inputs={"x": ONE * 2})
    exchange = ask(Reference(), "m", [usual, unusual, UNUSUAL, EMPTY])
    assert [request.what for request in exchange.requests] == ["", "-1 in x", "a batch of none"]
    assert exchange.answers[-1] == Rejection("no")


# Samples

PARTS = signature(ids=("int32", (-1,)), ids_1=("int64", (-1,)))
TEXTS = signature(content=("string", (-1,)))


def test_arrays_of_several_lengths_are_one_request(tmp_path):
    np.savez(tmp_path / "s.npz", ids=np.arange(1, 6, dtype=np.int32), ids_1=np.array([0, 2, 5]))
    (request,) = requests_from_samples("m", PARTS, read_samples(tmp_path / "s.npz"), accept)
    assert request["ids_1"].tolist() == [0, 2, 5]


def test_a_directory_of_npy_files_is_the_same_as_an_npz_file(tmp_path):
    np.save(tmp_path / "ids.npy", np.arange(1, 6, dtype=np.int32))
    np.save(tmp_path / "ids_1.npy", np.array([0, 2, 5]))
    (request,) = requests_from_samples("m", PARTS, read_samples(tmp_path), accept)
    assert request["ids"].tolist() == [1, 2, 3, 4, 5]
    (tmp_path / "ids.npy").write_bytes(b"no array")
    with pytest.raises(PackagingError, match=r"ids\.npy cannot be read"):
        read_samples(tmp_path)


def lines(path: Path, *documents) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in documents), encoding="utf-8")
    return path


def test_lines_are_requests_in_the_apis_own_form_and_keep_every_byte(tmp_path):
    content = b"\x00\xff\x00"
    encoded = {"b64": base64.b64encode(content).decode()}
    path = lines(tmp_path / "s.jsonl", {"instances": [encoded]}, {"inputs": {"content": [encoded, "größe"]}})
    one, two = requests_from_samples("serving_default", TEXTS, read_samples(path), accept)
    assert one["content"].tolist() == [content]
    assert two["content"].tolist() == [content, "größe".encode()]


def test_a_line_ends_only_where_a_line_of_json_ends(tmp_path):
    text = "one\u2028two\u0085three"
    written = json.dumps({"instances": [text]}, ensure_ascii=False)
    (tmp_path / "s.jsonl").write_bytes(f"\ufeff{written}\r\n\r\n{written}".encode())
    found = requests_from_samples("serving_default", TEXTS, read_samples(tmp_path / "s.jsonl"), accept)
    assert [request["content"].tolist() for request in found] == [[text.encode()]] * 2


def test_a_line_is_for_the_signature_that_it_names_or_for_all_that_take_its_inputs(tmp_path):
    path = lines(
        tmp_path / "s.jsonl", {"signature_name": "texts", "instances": ["a"]}, {"inputs": {"ids": [1], "ids_1": [0, 1]}}
    )
    samples = read_samples(path)
    refuse_unusable_samples({"texts": TEXTS, "parts": PARTS}, samples)
    assert [r["content"].tolist() for r in requests_from_samples("texts", TEXTS, samples, accept)] == [[b"a"]]
    assert [r["ids"].tolist() for r in requests_from_samples("parts", PARTS, samples, accept)] == [[1]]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"instances": [3]}, "line 1 of .*s.jsonl is no request to the signature 'serving_default': .*JSON Value: 3"),
        ({"inputs": [["a"]]}, r"Input 'content' has the shape \[1,1\]; signature 'serving_default' takes \[-1\]"),
        ({"signature_name": "other", "instances": ["a"]}, "line 1 of .*s.jsonl is for the signature 'other'"),
        ([], "line 1 of .*s.jsonl is not a request"),
    ],
)
def test_a_line_that_is_no_request_is_named_with_its_file_and_input(tmp_path, document, reason):
    def read():
        samples = read_samples(lines(tmp_path / "s.jsonl", document))
        refuse_unusable_samples({"serving_default": TEXTS}, samples)
        requests_from_samples("serving_default", TEXTS, samples, accept)

    with pytest.raises(PackagingError, match=reason):
        read()


def test_zero_bytes_at_the_end_of_fixed_width_strings_are_kept_if_the_model_needs_them(tmp_path):
    np.savez(tmp_path / "s.npz", content=np.array([b"a\0", b"bc"[:1] + b"\0"], "S2"))
    samples = read_samples(tmp_path / "s.npz")

    def needs_two_bytes(request):
        assert all(len(value) == 2 for value in request["content"])

    first = requests_from_samples("m", TEXTS, samples, needs_two_bytes)[0]
    assert first["content"].tolist() == [b"a\0"]
    assert requests_from_samples("m", TEXTS, samples, accept)[0]["content"].tolist() == [b"a"]


# Reasons


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            'in user code:\n\n    File "a.py", line 3, in f  *\n        return x @ w\n\n    ValueError: Dimensions '
            "must be equal, but are 3 and 4 for MatMul.\n",
            "Dimensions must be equal, but are 3 and 4 for MatMul.",
        ),
        (
            'in user code:\n\n    File "k.py", line 9, in call\n        x\n\n    ValueError: Exception encountered '
            "when calling Dense.call().\n\n    \x1b[1mshapes differ\x1b[0m\n\n    Arguments received by x:\n",
            "shapes differ",
        ),
        ("Graph execution error:\n\nindices[0] = 9 is not in [0, 3)\n\t [[node]]", "indices[0] = 9 is not in [0, 3)"),
        ("", "ValueError"),
    ],
)
def test_the_reason_of_an_error_is_what_its_last_part_says(text, reason):
    assert reason_of(ValueError(text)) == reason
