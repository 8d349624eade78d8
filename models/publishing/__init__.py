"""Publishing: a packaged version goes into a published model repository, and the pointer of its model moves."""
