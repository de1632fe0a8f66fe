"""Rows out: find a table, filter, sort, label. Shared by everything that shows data."""
