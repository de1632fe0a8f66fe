"""Rows: found, filtered, labelled with what their foreign keys mean, and written out."""
