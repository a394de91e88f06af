"""The same workload for other libraries, each run by an environment of its own."""
