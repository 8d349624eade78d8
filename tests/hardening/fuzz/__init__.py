"""Generated requests, valid and broken, against models whose answers are known."""
