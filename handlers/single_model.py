"""Lambda entry point for one model. It is loaded when this module is imported."""

import os

from handlers.quick_start import quick_start

with quick_start():
    from handlers.serving.start import handler_of, open_single_model_app

    handler = handler_of(open_single_model_app(os.environ), os.environ)
