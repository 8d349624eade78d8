"""Lambda entry point for several models, each loaded when it is first asked for."""

import os

from handlers.serving.start import open_app

handler = open_app(os.environ).handle
