"""Lambda entry point for several models. A model is loaded by the first request for it."""

import os

from handlers.quick_start import quick_start

with quick_start():
    from handlers.serving.start import open_app

    handler = open_app(os.environ).handle
