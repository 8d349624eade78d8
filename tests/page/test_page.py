"""What a person sees and does on the page, in a real browser, against deployed stacks."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from local.held_out import read_held_out
from local.stack import LocalStack, local_stack
from tests.page.browsing import (
    PHONE,
    answer_rows,
    browser_path,
    browsing,
    choose,
    drop,
    make_pictures,
    predict,
    stack_with_pictures,
)

pytestmark = pytest.mark.skipif(
    browser_path() is None, reason="no browser: apt-get install chromium-headless-shell, or chromium"
)

OpenPage = Callable[..., Any]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("pictures")
    make_pictures(directory)
    return directory


@pytest.fixture(scope="module")
def stacks(repository: Path, pictures: Path) -> Iterator[Mapping[str, LocalStack]]:
    """One function behind an HTTP API; and one for each model behind a REST API, whose paths begin with a stage."""
    settings = {"api": "rest", "mode": "single", "models": '["iris", "digits"]', "timeoutSeconds": "28"}
    with ExitStack() as running:
        yield {
            "http": running.enter_context(stack_with_pictures(repository, pictures)),
            "rest": running.enter_context(local_stack(settings)),
        }


@pytest.fixture(scope="module")
def open_page(stacks: Mapping[str, LocalStack]) -> Iterator[OpenPage]:
    """Opens the page of a stack. The stacks are there first: the browser's client keeps an event loop running."""
    with browsing() as opened:
        yield lambda api="http", **options: opened(f"{stacks[api].api_url}/", **options)


@pytest.fixture
def page(open_page: OpenPage) -> Iterator[Any]:
    page = open_page()
    yield page
    page.context.close()


def test_the_models_are_listed_with_their_versions_and_signatures(page):
    assert page.locator("nav a").all_inner_texts() == ["digits", "edges", "iris"]
    choose(page, "digits")
    assert page.locator("#signature option").all_inner_texts() == ["serving_default", "png"]
    assert page.locator("#version option").count() == 2
    page.click("summary >> text=Inputs and outputs")
    assert page.locator("#tensors tr").all_inner_texts() == [
        "image\tinput\tfloat32\t[any, 8, 8, 1]",
        "probabilities\toutput\tfloat32\t[any, 10]",
    ]


def test_the_example_is_filled_in_and_answered(page, stacks):
    choose(page, "iris")
    given = json.loads(page.input_value("textarea >> nth=0"))
    assert predict(page).startswith("Answered in")
    shown = [float(cell) for cell in answer_rows(page)[0][1:]]
    assert shown == ask(stacks["http"], {"instances": given})["predictions"][0]


def ask(stack: LocalStack, body: Any) -> Any:
    command = ["curl", "-s", f"{stack.api_url}/v1/models/iris:predict", "-d", json.dumps(body)]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


def test_the_lines_for_curl_and_python_do_the_same_again(page, tmp_path):
    choose(page, "iris")
    predict(page)
    shown = [float(cell) for cell in answer_rows(page)[0][1:]]
    curl = subprocess.run(page.inner_text("#curl"), shell=True, capture_output=True, text=True, check=True)  # noqa: S602
    python = subprocess.run(
        [
            sys.executable,
            "-c",
            page.inner_text("#python").replace("print(json.load", "print(json.dumps(json.load") + ")",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(curl.stdout)["outputs"][0] == shown
    assert json.loads(python.stdout)["outputs"][0] == shown


def test_a_file_dropped_onto_an_input_of_bytes_is_sent_as_it_is(page, repository):
    held_out = read_held_out(repository.parent, "digits")
    choose(page, "digits", "png")
    found = []
    for index in range(5):
        drop(page, f"{index}.png", "image/png", bytes(held_out.arrays["png_bytes"][index]))
        assert predict(page).startswith("Answered in")
        found.append(int(np.argmax([float(cell) for cell in answer_rows(page)[0][1:]])))
    assert page.locator("fieldset img").count() == 1
    assert found == held_out.arrays["label"][:5].tolist()


def test_an_image_dropped_onto_an_input_of_pixels_gets_its_size_and_range(page, repository):
    held_out = read_held_out(repository.parent, "digits")
    choose(page, "digits")
    assert page.input_value("input[type=number] >> nth=1") == "16"  # as the example's pixels
    found = []
    for index in range(5):
        drop(page, f"{index}.png", "image/png", bytes(held_out.arrays["png_bytes"][index]))
        assert predict(page).startswith("Answered in")
        found.append(int(np.argmax([float(cell) for cell in answer_rows(page)[0][1:]])))
    assert found == held_out.arrays["label"][:5].tolist()
    sent = np.array(json.loads(page.input_value("textarea >> nth=0")))
    assert np.abs(sent - held_out.arrays["image"][4]).max() < 0.1


def test_an_answer_that_is_a_picture_is_drawn(page, pictures):
    choose(page, "edges")
    drop(page, "scene.png", "image/png", (pictures / "scene.png").read_bytes())
    assert predict(page).startswith("Answered in")
    canvas = page.locator("#answer canvas")
    assert canvas.get_attribute("aria-label") == "edges, 64 by 64 pixels"
    levels = canvas.evaluate("c => Array.from(c.getContext('2d').getImageData(0, 0, 64, 64).data)")
    assert len(set(levels[::4])) > 50
    assert "@request.json" in page.inner_text("#curl")
    assert page.locator("#request").is_visible()


def test_a_mistake_is_answered_with_the_server_s_words(page):
    choose(page, "iris")
    page.fill("textarea >> nth=0", "[[1, 2]]")
    assert predict(page).startswith("400: ")
    assert page.locator("#answer").is_hidden()
    page.fill("textarea >> nth=0", "[[1, 2")
    assert predict(page).startswith("The value of features is no JSON")


def test_a_person_chooses_and_predicts_with_the_keyboard_alone(page):
    page.locator("nav a", has_text="iris").focus()
    page.keyboard.press("Enter")
    page.locator("#model-name", has_text="iris").wait_for()
    page.locator("#predict").focus()
    page.keyboard.press("Enter")
    page.locator("#answer table").wait_for()


def test_behind_a_stage_and_with_a_function_for_each_model_it_is_the_same(open_page):
    page = open_page("rest")
    for model in ("iris", "digits"):
        choose(page, model)
        assert page.input_value("textarea >> nth=0")  # the example, of the model's own function
        assert predict(page).startswith("Answered in")
        assert answer_rows(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desktop", "phone"])
def test_nothing_keeps_people_out(open_page, repository, scheme, viewport):
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(color_scheme=scheme, **({"viewport": viewport} if viewport else {}))
    choose(page, "digits", "png")
    drop(page, "0.png", "image/png", bytes(read_held_out(repository.parent, "digits").arrays["png_bytes"][0]))
    predict(page)
    for summary in page.locator("summary").all():
        summary.click()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
