"""A month of requests on Lambda, simulated: arrivals, environments, cached models, a shared file system."""
