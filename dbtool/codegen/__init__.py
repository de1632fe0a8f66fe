"""Text from a schema: pure functions that touch no database and no file."""
