"""Engines' messages about inputs become plain words for callers."""

import time

import pytest

from handlers.serving.engines.messages import plain, reason_of


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("gather index out of boundsNode number 0 (GATHER) failed to invoke.", "gather index out of bounds."),
        (
            "tflite/kernels/range.cc:50 start >= limit was not true.Node number 6 (RANGE) failed to invoke.",
            "their values or shapes do not fit together.",
        ),
        (
            "XNNPack delegate failed to reshape runtimeNode number 7 (TfLiteXNNPackDelegate) failed to prepare.",
            "their values or shapes do not fit together.",
        ),
        (
            "Unknown image file format. One of JPEG, PNG, GIF, BMP required.\n\t [[{{node map/DecodeImage}}]]",
            "Unknown image file format; One of JPEG, PNG, GIF, BMP required.",
        ),
        (
            "2 root error(s) found.\n  (0) INVALID_ARGUMENT: {{function_node f_1}} indices[1] = 12 is not in [0, 3)\n"
            "\t [[{{node a}}]]\n\t [[b/_1]]\n  (1) INVALID_ARGUMENT: indices[1] = 12 is not in [0, 3)",
            "indices[1] = 12 is not in [0, 3).",
        ),
        (
            "assertion failed: [Condition x >= 0 did not hold element-wise:] [x (serving_default_x:0) = ] [-1]",
            "assertion failed: [Condition x >= 0 did not hold element-wise:] [x = ] [-1].",
        ),
        ("x" * 5000, "x" * 200 + "…"),
        ("\n\t [[{{node a}}]]", "their values or shapes do not fit together."),
        ("", "their values or shapes do not fit together."),
    ],
)
def test_a_reason_is_the_end_of_one_sentence_and_names_nothing_internal(message: str, reason: str) -> None:
    assert reason_of(message) == reason


def test_what_is_logged_keeps_the_engine_s_code_but_not_the_places_in_the_graph() -> None:
    assert plain("tflite/kernels/a.cc:5 a != bNode number 3 (ADD) failed to prepare.") == "tflite/kernels/a.cc:5 a != b"
    assert plain("Read less bytes than requested\n\t [[{{node RestoreV2}}]]") == "Read less bytes than requested"


@pytest.mark.parametrize("repeated", ["{{function_node ", "[[", "{{", "Node number 1 (", "a. B", ".cc:", " (a:"])
def test_a_message_that_repeats_an_input_is_read_at_once(repeated: str) -> None:
    began = time.process_time()
    reason_of(repeated * 20_000)
    plain(repeated * 20_000)
    assert time.process_time() - began < 0.5
