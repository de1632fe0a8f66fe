"""Seed files in: documents, references, validation, loading."""
