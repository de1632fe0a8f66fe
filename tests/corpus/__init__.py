"""A corpus of schema changes: what people do to their models, with rows, and what must hold afterwards."""
