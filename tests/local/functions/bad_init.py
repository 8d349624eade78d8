"""Cannot be imported."""

raise RuntimeError("the model is not where it should be")
