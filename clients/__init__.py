"""What callers of an API with auth iam copy into their programs."""
