"""Origins: where trained models are kept: a path, a bucket, MLflow, Hugging Face, Kaggle.

A further origin is a module with a function `fetch`, and its row in `models.origins.opening.ORIGINS`.
"""
