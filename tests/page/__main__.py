"""Take the pictures of the page that the documentation shows: iris, digits, and a model that answers with a picture.

python -m tests.page
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from local.held_out import read_held_out
from tests.page.browsing import PHONE, browser_path, browsing, choose, drop, make_pictures, predict, stack_with_pictures
from tests.paths import PROJECT

IMAGES = PROJECT / "docs" / "images"
BUILD = PROJECT / "build"


def main() -> None:
    """Needs the packaged sample models and a browser."""
    if browser_path() is None:
        sys.exit("There is no browser: apt-get install chromium-headless-shell, or chromium")
    with TemporaryDirectory() as directory:
        pictures = Path(directory)
        make_pictures(pictures)
        with stack_with_pictures(BUILD / "repository", pictures) as stack, browsing() as opened:
            _iris(opened(f"{stack.api_url}/"))
            _digits(opened(f"{stack.api_url}/", color_scheme="dark"))
            _edges(opened(f"{stack.api_url}/", viewport=PHONE), (pictures / "scene.png").read_bytes())


def _iris(page: Any) -> None:
    choose(page, "iris")
    predict(page)
    _take(page, "page-iris")


def _digits(page: Any) -> None:
    choose(page, "digits", "png")
    image = bytes(read_held_out(BUILD, "digits").arrays["png_bytes"][0])
    drop(page, "digit.png", "image/png", image)
    predict(page)
    _take(page, "page-digits")


def _edges(page: Any, scene: bytes) -> None:
    choose(page, "edges")
    drop(page, "scene.png", "image/png", scene)
    predict(page)
    _take(page, "page-edges")


def _take(page: Any, name: str) -> None:
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path, full_page=True)
    print(path.relative_to(PROJECT))


if __name__ == "__main__":
    main()
