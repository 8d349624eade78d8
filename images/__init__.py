"""The handlers' container images: builds them and lists what each one holds."""
