"""Whole commands against their peers, paired and interleaved: `make bench`."""
