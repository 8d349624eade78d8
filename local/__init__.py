"""One machine: an emulated AWS, the functions' workers, and the deployment of the real program into them."""
