"""States and moves of a schema: models, files, database, ledger. The only package that imports Alembic."""
