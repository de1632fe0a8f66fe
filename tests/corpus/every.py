"""All cases."""

from __future__ import annotations

from corpus import of_columns, of_defaults, of_enums, of_indexes, of_models, of_names, of_rules, of_tables, of_types

CASES = [
    *of_tables.CASES,
    *of_columns.CASES,
    *of_types.CASES,
    *of_defaults.CASES,
    *of_rules.CASES,
    *of_indexes.CASES,
    *of_enums.CASES,
    *of_names.CASES,
    *of_models.CASES,
]
