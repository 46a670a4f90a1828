"""Benchmarks: what the desk does a second, as a ratio to an empty Django view measured in the same run."""
