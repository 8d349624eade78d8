"""A browser on the page: which one, the stack behind it, and what a person does there."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.stack import LocalStack, local_stack
from tests.paths import PROJECT

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""Commands of browsers, as systems call them."""

OUTCOME = re.compile(r"^(?!Waiting).+", re.DOTALL)
"""What the page says once there is an answer."""

PHONE = {"width": 375, "height": 740}
DESKTOP = {"width": 1180, "height": 860}

_DROP = """([zone, name, type, base64]) => {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name, { type }));
  zone.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


def browser_path() -> str | None:
    """The browser of this machine; None if there is none."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def make_pictures(directory: Path) -> None:
    """Write the model `edges`, and `scene.png`."""
    command = [sys.executable, "-m", "tests.page.make_model", str(directory)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=280)
    if done.returncode:
        raise RuntimeError(done.stderr)


@contextmanager
def stack_with_pictures(repository: Path, pictures: Path) -> Iterator[LocalStack]:
    """A stack with the sample models iris and digits, and with `edges`."""
    with local_stack({"seedModels": "false", "timeoutSeconds": "28", "models": '["iris", "digits", "edges"]'}) as stack:
        s3, bucket = stack.emulator.client("s3"), stack.deployment.outputs["bucketName"]
        for root in (repository / "iris", repository / "digits", pictures / "edges"):
            for path in root.rglob("*"):
                if path.is_file():
                    key = f"models/{path.relative_to(root.parent).as_posix()}"
                    s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())
        yield stack


@contextmanager
def browsing(**options: Any) -> Iterator[Any]:
    """Pages of a browser: each call of what it yields opens a new one, with further options of its own.

    Raises whatever a page's script raised, and complaints of the page's policy.
    """
    from playwright.sync_api import sync_playwright  # takes half a second, and runs an event loop until it ends

    troubles: list[str] = []
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=browser_path()) as browser:

        def open_page(url: str, **further: Any) -> Any:
            page = browser.new_context(**{"viewport": DESKTOP, **options, **further}).new_page()
            page.on("pageerror", lambda error: troubles.append(str(error)))
            page.on("console", lambda said: troubles.append(said.text) if "Security Policy" in said.text else None)
            page.goto(url)
            page.locator("#model").wait_for()
            return page

        yield open_page
    if troubles:
        raise AssertionError(troubles)


def drop(page: Any, name: str, media_type: str, content: bytes, *, at: int = 0) -> None:
    """Drop a file onto the page's place for one."""
    from base64 import b64encode

    zone = page.locator(".drop").nth(at).element_handle()
    page.evaluate(_DROP, [zone, name, media_type, b64encode(content).decode()])
    page.locator("fieldset .note", has_text=name).nth(at).wait_for()


def choose(page: Any, model: str, signature: str | None = None) -> None:
    """Choose a model, and a signature."""
    page.locator("nav a", has_text=model).click()
    page.locator("#model-name", has_text=model).wait_for()
    if signature is not None:
        page.select_option("#signature", signature)


def predict(page: Any) -> str:
    """Press the button; what the page then says of the outcome."""
    page.click("#predict")
    page.locator("#outcome", has_text=OUTCOME).wait_for()
    return page.inner_text("#outcome")


def answer_rows(page: Any) -> list[list[str]]:
    """The rows of the answer's table."""
    rows: list[Mapping[str, Any]] = page.locator("#answer tbody tr").all()
    return [row.locator("td").all_inner_texts() for row in rows]  # pyright: ignore
