"""Measurements: each module is run by hand with `python -m eval.bench.NAME`, and prints its figures."""
