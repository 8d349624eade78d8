"""The handlers' container images: builds them, and says what each one holds."""
