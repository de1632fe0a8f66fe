"""For each rule of `lint`: what breaks it, and what comes near and does not. Bodies of `upgrade()`.

The tables are `t` (id, a, b, n, at, kind, required) and `p` (id). A rule may have cases of one kind of database.
"""

from __future__ import annotations

LONG = "x" * 70
BATCH = "with op.batch_alter_table('t') as batch_op:\n    "
ALONE = "with op.get_context().autocommit_block():\n    "
MADE = "op.create_table('fresh', sa.Column('id', sa.BigInteger, primary_key=True), sa.Column('a', sa.Integer))\n"

# (rule, breaks it, does not)
CASES: list[tuple[str, str, str]] = [
    ("drop-table", "op.drop_table('t')", MADE + "op.drop_table('fresh')"),
    ("drop-table", "op.execute('drop table if exists t')", "op.execute(\"select 'drop table t'\")"),
    ("drop-column", "op.drop_column('t', 'a')", MADE + "op.drop_column('fresh', 'a')"),
    ("drop-column", BATCH + "batch_op.drop_column('a')", BATCH + "batch_op.add_column(sa.Column('z', sa.Integer))"),
    ("drop-column", "op.execute('ALTER TABLE t DROP a')", "op.execute('ALTER TABLE t DROP CONSTRAINT a')"),
    ("drop-schema", "op.execute('DROP SCHEMA app CASCADE')", "op.execute('CREATE SCHEMA app')"),
    ("truncate", "op.execute('truncate t')", MADE + "op.execute('truncate fresh')"),
    ("delete-all", "op.execute('DELETE FROM t')", "op.execute('DELETE FROM t WHERE a = 1')"),
    (
        "delete-all",
        "op.execute(sa.table('t', sa.column('a')).update().values(a=1))",
        "op.add_column('t', sa.Column('z', sa.Integer))\n"
        "op.execute(sa.table('t', sa.column('z')).update().values({'z': 1}))",
    ),
    (
        "delete-all",
        "op.execute('UPDATE t SET a = 1')",
        "op.add_column('t', sa.Column('z', sa.Integer))\nop.execute('UPDATE t SET z = 1')",
    ),
    (
        "lossy-type",
        "op.alter_column('t', 'b', type_=sa.Integer())",
        "op.alter_column('t', 'a', type_=sa.BigInteger())",
    ),
    ("lossy-type", "op.alter_column('t', 'b', type_=sa.String(5))", "op.alter_column('t', 'b', type_=sa.Text())"),
    (
        "needs-using",
        "op.alter_column('t', 'b', type_=sa.Integer())",
        "op.alter_column('t', 'b', type_=sa.Integer(), postgresql_using='b::integer')",
    ),
    (
        "rename-column",
        "op.alter_column('t', 'a', new_column_name='z')",
        "op.alter_column('t', 'a', comment='new')",
    ),
    (
        "rename-column",
        "op.execute('ALTER TABLE t RENAME a TO z')",
        "op.execute('ALTER TABLE t RENAME CONSTRAINT a TO z')",
    ),
    ("rename-table", "op.rename_table('t', 'z')", MADE + "op.rename_table('fresh', 'z')"),
    ("rename-schema", "op.execute('ALTER SCHEMA a RENAME TO b')", "op.execute('ALTER SCHEMA a OWNER TO b')"),
    (
        "add-required-column",
        "op.add_column('t', sa.Column('z', sa.Integer, nullable=False))",
        "op.add_column('t', sa.Column('z', sa.Integer, nullable=False, server_default='0'))",
    ),
    (
        "set-not-null",
        "op.alter_column('t', 'a', existing_type=sa.Integer(), nullable=False)",
        "op.alter_column('t', 'required', existing_type=sa.Integer(), nullable=False)",
    ),
    (
        "drop-not-null",
        "op.alter_column('t', 'required', existing_type=sa.Integer(), nullable=True)",
        "op.alter_column('t', 'a', existing_type=sa.Integer(), nullable=True)",
    ),
    (
        "drop-server-default",
        "op.alter_column('t', 'a', existing_type=sa.Integer(), server_default=None)",
        "op.alter_column('t', 'a', existing_type=sa.Integer(), server_default='1')",
    ),
    (
        "volatile-default",
        "op.add_column('t', sa.Column('z', sa.Uuid, server_default=sa.text('gen_random_uuid()')))",
        "op.add_column('t', sa.Column('z', sa.Integer, server_default=sa.text('7')))",
    ),
    (
        "stored-generated",
        "op.add_column('t', sa.Column('z', sa.Integer, sa.Computed('a + 1', persisted=True)))",
        "op.add_column('t', sa.Column('z', sa.Integer, sa.Computed('a + 1', persisted=False)))",
    ),
    (
        "add-serial-column",
        "op.add_column('t', sa.Column('z', sa.Integer, sa.Identity()))",
        "op.add_column('t', sa.Column('z', sa.Integer))",
    ),
    ("index-not-concurrent", "op.create_index('ix', 't', ['a'])", MADE + "op.create_index('ix', 'fresh', ['a'])"),
    (
        "index-fulltext",
        "op.create_index('ix', 't', ['b'], mysql_prefix='FULLTEXT')",
        "op.create_index('ix', 't', ['b'])",
    ),
    ("index-fulltext", "op.execute('CREATE FULLTEXT INDEX ix ON t (b)')", "op.execute('CREATE INDEX ix ON t (b)')"),
    ("drop-index-not-concurrent", "op.drop_index('ix', 't')", MADE + "op.drop_index('ix', 'fresh')"),
    (
        "concurrent-in-tx",
        "op.create_index('ix', 't', ['a'], postgresql_concurrently=True)",
        ALONE + "op.create_index('ix', 't', ['a'], postgresql_concurrently=True)",
    ),
    (
        "concurrent-in-tx",
        "op.add_column('t', sa.Column('z', sa.Integer))\n"
        + ALONE
        + "op.create_index('ix', 't', ['a'], postgresql_concurrently=True)",
        "op.execute('UPDATE t SET a = 1 WHERE a = 2')\n"
        + ALONE
        + "op.create_index('ix', 't', ['a'], postgresql_concurrently=True)",
    ),
    ("reindex-not-concurrent", "op.execute('REINDEX TABLE t')", "op.execute('REINDEX TABLE CONCURRENTLY t')"),
    ("cluster", "op.execute('CLUSTER t USING ix')", "op.execute('ANALYZE t')"),
    ("vacuum-full", "op.execute('VACUUM (FULL) t')", "op.execute('VACUUM t')"),
    (
        "logged-unlogged",
        "op.execute('ALTER TABLE t SET UNLOGGED')",
        "op.execute('ALTER TABLE t SET (fillfactor = 70)')",
    ),
    ("access-method", "op.execute('ALTER TABLE t SET ACCESS METHOD heap')", "op.execute('ALTER TABLE t OWNER TO me')"),
    (
        "add-trigger",
        "op.execute('CREATE TRIGGER g AFTER INSERT ON t EXECUTE FUNCTION f()')",
        "op.execute('DROP TRIGGER g ON t')",
    ),
    (
        "partition-attach",
        "op.execute('ALTER TABLE t ATTACH PARTITION u FOR VALUES IN (1)')",
        "op.execute('ALTER TABLE t DETACH PARTITION u CONCURRENTLY')",
    ),
    (
        "algorithm-copy",
        "op.execute('ALTER TABLE t ADD z INT, ALGORITHM=COPY')",
        "op.execute('ALTER TABLE t ADD z INT, ALGORITHM=INSTANT')",
    ),
    (
        "lock-shared",
        "op.execute('ALTER TABLE t ADD z INT, LOCK=SHARED')",
        "op.execute('ALTER TABLE t ADD z INT, LOCK=NONE')",
    ),
    (
        "charset-change",
        "op.execute('ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4')",
        "op.execute('ALTER TABLE t DEFAULT CHARACTER SET utf8mb4')",
    ),
    (
        "no-transactional-ddl",
        "op.add_column('t', sa.Column('y', sa.Integer))\nop.add_column('t', sa.Column('z', sa.Integer))",
        "op.add_column('t', sa.Column('y', sa.Integer))\nop.execute('UPDATE t SET a = 1 WHERE a = 2')",
    ),
    (
        "data-and-ddl-mixed",
        "op.add_column('t', sa.Column('y', sa.Integer))\nop.execute('UPDATE t SET a = 1 WHERE a = 2')",
        MADE + "op.bulk_insert(sa.table('fresh', sa.column('id')), [{'id': 1}])",
    ),
    (
        "missing-lock-timeout",
        "op.add_column('t', sa.Column('y', sa.Integer))",
        "op.execute(\"SET lock_timeout = '2s'\")\nop.execute('SET lock_wait_timeout = 2')\n"
        "op.add_column('t', sa.Column('y', sa.Integer))",
    ),
    (
        "missing-statement-timeout",
        "op.add_column('t', sa.Column('y', sa.Integer))",
        "op.execute(\"SET LOCAL statement_timeout = '2s'\")\nop.add_column('t', sa.Column('y', sa.Integer))",
    ),
    ("tx-in-migration", "op.execute('COMMIT')", "op.execute(\"INSERT INTO t (b) VALUES ('COMMIT')\")"),
    ("sqlite-fk-on", "op.execute('PRAGMA foreign_keys=ON')", "op.execute('PRAGMA foreign_keys=OFF')"),
    (
        "add-unique",
        "op.create_unique_constraint('uq', 't', ['a'])",
        MADE + "op.create_unique_constraint('uq', 'fresh', ['a'])",
    ),
    ("add-unique", "op.create_index('uq', 't', ['a'], unique=True)", "op.create_index('ix', 't', ['a'])"),
    ("add-pk", "op.create_primary_key('pk', 't', ['a'])", MADE + "op.create_primary_key('pk', 'fresh', ['a'])"),
    (
        "drop-pk",
        "op.drop_constraint('pk_t', 't', type_='primary')",
        "op.drop_constraint('uq_t_b', 't', type_='unique')",
    ),
    (
        "add-fk",
        "op.create_foreign_key('fk', 't', 'p', ['id'], ['id'])",
        MADE + "op.create_foreign_key('fk', 'fresh', 'p', ['id'], ['id'])",
    ),
    (
        "add-fk",
        "op.add_column('t', sa.Column('p_id', sa.BigInteger, sa.ForeignKey('p.id')))",
        "op.add_column('t', sa.Column('p_id', sa.BigInteger))",
    ),
    (
        "fk-no-index",
        "op.create_foreign_key('fk', 't', 'p', ['a'], ['id'])",
        "op.create_index('ix', 't', ['a', 'b'])\nop.create_foreign_key('fk', 't', 'p', ['a'], ['id'])",
    ),
    (
        "fk-type-mismatch",
        "op.create_foreign_key('fk', 't', 'p', ['b'], ['id'])",
        "op.create_foreign_key('fk', 't', 'p', ['big'], ['id'])",
    ),
    (
        "drop-fk",
        "op.drop_constraint('fk_t_p', 't', type_='foreignkey')",
        "op.drop_constraint('ck_t', 't', type_='check')",
    ),
    ("drop-check", "op.drop_constraint('ck_t', 't')", "op.drop_constraint('uq_t_b', 't')"),
    ("drop-unique", "op.drop_constraint('uq_t_b', 't')", "op.drop_constraint('ck_t', 't')"),
    (
        "add-check",
        "op.create_check_constraint('ck', 't', 'a > 0')",
        MADE + "op.create_check_constraint('ck', 'fresh', 'a > 0')",
    ),
    (
        "add-exclusion",
        "op.execute('ALTER TABLE t ADD CONSTRAINT e EXCLUDE USING gist (a WITH =)')",
        "op.execute('ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)')",
    ),
    (
        "inline-references-ignored",
        "op.execute('ALTER TABLE t ADD COLUMN p_id BIGINT REFERENCES p (id)')",
        "op.execute('ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id)')",
    ),
    (
        "domain-constraint",
        "op.execute('CREATE DOMAIN d AS int CHECK (VALUE > 0)')",
        "op.execute('CREATE DOMAIN d AS int')",
    ),
    ("naming", "op.create_unique_constraint(None, 't', ['a'])", "op.create_unique_constraint('uq', 't', ['a'])"),
    (
        "naming",
        "op.create_table('z', sa.Column('id', sa.Integer), sa.UniqueConstraint('id'))",
        "op.create_table('z', sa.Column('id', sa.Integer), sa.UniqueConstraint('id', name='uq_z_id'))",
    ),
    ("identifier-too-long", f"op.rename_table('t', {LONG!r})", "op.rename_table('t', 'z')"),
    ("identifier-case", "op.rename_table('t', 'Tea')", "op.rename_table('t', 'tea')"),
    ("reserved-word", "op.rename_table('t', 'user')", "op.rename_table('t', 'users')"),
    (
        "wide-index",
        "op.create_index('ix', 't', ['id', 'a', 'b', 'n'])",
        "op.create_index('ix', 't', ['id', 'a', 'b', 'n'], unique=True)",
    ),
    (
        "rename-enum-value",
        "op.alter_column('t', 'kind', type_=sa.Enum('one', 'zwei', 'three', name='kind'))",
        "op.alter_column('t', 'kind', type_=sa.Enum('one', 'two', 'three', 'four', name='kind'))",
    ),
    (
        "enum-value-in-tx",
        "op.execute(\"ALTER TYPE kind ADD VALUE 'four' AFTER 'three'\")",
        ALONE + "op.execute(\"ALTER TYPE kind ADD VALUE 'four' AFTER 'three'\")",
    ),
    (
        "enum-value-order",
        ALONE + "op.execute(\"ALTER TYPE kind ADD VALUE 'four'\")",
        ALONE + "op.execute(\"ALTER TYPE kind ADD VALUE 'four' AFTER 'three'\")",
    ),
    (
        "enum-remove-value",
        "op.alter_column('t', 'kind', type_=sa.Enum('one', 'three', name='kind'))",
        "op.alter_column('t', 'kind', type_=sa.Enum('one', 'two', 'three', 'four', name='kind'))",
    ),
    (
        "enum-reorder",
        "op.alter_column('t', 'kind', type_=sa.Enum('two', 'one', 'three', name='kind'))",
        "op.alter_column('t', 'kind', type_=sa.Enum('one', 'two', 'three', 'four', name='kind'))",
    ),
    (
        "enum-insert-middle",
        "op.alter_column('t', 'kind', type_=sa.Enum('one', 'and', 'two', 'three', name='kind'))",
        "op.alter_column('t', 'kind', type_=sa.Enum('one', 'two', 'three', 'four', name='kind'))",
    ),
    (
        "enum-too-large",
        "op.alter_column('t', 'kind', type_=sa.Enum(*[f'm{n}' for n in range(300)], name='kind'))",
        "op.alter_column('t', 'kind', type_=sa.Enum(*[f'm{n}' for n in range(200)], name='kind'))",
    ),
    (
        "json-not-jsonb",
        "op.add_column('t', sa.Column('z', sa.JSON))",
        "from sqlalchemy.dialects import postgresql\nop.add_column('t', sa.Column('z', postgresql.JSONB))",
    ),
    (
        "timestamp-no-tz",
        "op.add_column('t', sa.Column('z', sa.DateTime))",
        "op.add_column('t', sa.Column('z', sa.DateTime(timezone=True)))",
    ),
    ("char-type", "op.add_column('t', sa.Column('z', sa.CHAR(3)))", "op.add_column('t', sa.Column('z', sa.String(3)))"),
    (
        "int-pk",
        "op.create_table('z', sa.Column('id', sa.Integer, primary_key=True))",
        "op.create_table('z', sa.Column('id', sa.BigInteger, primary_key=True))",
    ),
    (
        "serial",
        "from sqlalchemy.types import UserDefinedType\n"
        "class Serial(UserDefinedType):\n    get_col_spec = lambda self, **more: 'SERIAL'\n"
        "op.create_table('z', sa.Column('id', Serial))",
        "op.create_table('z', sa.Column('id', sa.BigInteger, sa.Identity(), primary_key=True))",
    ),
    ("model-import", "import app.models", "import sqlalchemy.orm"),
    ("missing-import", "x = lambda: sqlmodel.AutoString()", "x = lambda: sa.String()"),
    ("empty-revision", "pass", "op.add_column('t', sa.Column('z', sa.Integer))"),
    (
        "many-changes",
        "\n".join(f"op.add_column('t', sa.Column('z{n}', sa.Integer))" for n in range(11)),
        MADE + "\n".join(f"op.add_column('fresh', sa.Column('z{n}', sa.Integer))" for n in range(11)),
    ),
    ("raw-sql", "op.execute('ALTER TABLE t ENABLE ROW LEVEL SECURITY')", "op.execute('DROP TABLE t')"),
]

# (rule, kind, breaks it, does not): where a database has its own
OWN_CASES: list[tuple[str, str, str, str]] = [
    (
        "change-type",
        "postgres",
        "op.alter_column('t', 'a', type_=sa.BigInteger())",
        "op.alter_column('t', 'b', type_=sa.String(50))",
    ),
    (
        "change-type",
        "postgres",
        "op.alter_column('t', 'n', type_=sa.Numeric(12, 3))",
        "op.alter_column('t', 'n', type_=sa.Numeric(12, 2))",
    ),
    (
        "change-type",
        "postgres",
        "op.alter_column('t', 'b', type_=sa.String(10))",
        "op.alter_column('t', 'b', type_=sa.Text())",
    ),
    (
        "change-type",
        "mysql",
        "op.alter_column('t', 'b', type_=sa.String(100))",
        "op.alter_column('t', 'b', type_=sa.String(60))",
    ),
    ("change-type", "mysql", "op.alter_column('t', 'b', type_=sa.Text())", "op.alter_column('t', 'b', comment='new')"),
    (
        "change-type",
        "sqlite",
        BATCH + "batch_op.alter_column('b', type_=sa.Text())",
        BATCH + "batch_op.alter_column('b', nullable=True)",
    ),
    (
        "index-not-concurrent",
        "postgres",
        "op.create_index('ix', 't', ['a'], unique=True)",
        ALONE + "op.create_index('ix', 't', ['a'], postgresql_concurrently=True)",
    ),
    (
        "index-not-concurrent",
        "postgres",
        "op.execute('CREATE INDEX ix ON t (a)')",
        ALONE + "op.execute('CREATE INDEX CONCURRENTLY ix ON t (a)')",
    ),
    (
        "drop-index-not-concurrent",
        "postgres",
        "op.execute('DROP INDEX ix')",
        ALONE + "op.drop_index('ix', 't', postgresql_concurrently=True)",
    ),
    (
        "concurrent-in-tx",
        "postgres",
        "op.execute('REINDEX INDEX CONCURRENTLY ix')",
        ALONE + "op.execute('REINDEX INDEX CONCURRENTLY ix')",
    ),
    (
        "add-unique",
        "postgres",
        "op.execute('ALTER TABLE t ADD CONSTRAINT u UNIQUE (a)')",
        "op.execute('ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX ix')",
    ),
    (
        "add-fk",
        "postgres",
        "op.execute('ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id)')",
        "op.create_foreign_key('fk', 't', 'p', ['id'], ['id'], postgresql_not_valid=True)",
    ),
    (
        "add-check",
        "postgres",
        "op.execute('ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)')",
        "op.execute('ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID')",
    ),
    (
        "volatile-default",
        "postgres",
        "op.add_column('t', sa.Column('z', sa.Float, server_default=sa.text('random()')))",
        "op.add_column('t', sa.Column('z', sa.DateTime(timezone=True), server_default=sa.func.now()))",
    ),
    (
        "volatile-default",
        "sqlite",
        "op.add_column('t', sa.Column('z', sa.DateTime, server_default=sa.func.now()))",
        BATCH + "batch_op.add_column(sa.Column('z', sa.DateTime, server_default=sa.func.now()))",
    ),
    (
        "rename-enum-value",
        "postgres",
        "op.execute(\"ALTER TYPE kind RENAME VALUE 'one' TO 'eins'\")",
        "op.execute('ALTER TYPE kind RENAME TO k')",
    ),
    (
        "set-not-null",
        "postgres",
        "op.execute('ALTER TABLE t ALTER COLUMN a SET NOT NULL')",
        "op.execute('ALTER TABLE t ALTER COLUMN a SET DEFAULT 1')",
    ),
]
