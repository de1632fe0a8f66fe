# Written by `dbtool generate` from the models; do not edit.
# schema: 3c0e7d8c8d44d665
"""Code that follows from the models."""
