"""The stack on one machine: an emulated AWS, workers that run the functions, and a deployment of the real program."""
