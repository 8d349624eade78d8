"""Lambda entry point for one model. It is loaded when this module is imported."""

import os

from handlers.quick_start import quick_start

with quick_start():
    from handlers.serving.start import open_single_model_app

    handler = open_single_model_app(os.environ).handle
