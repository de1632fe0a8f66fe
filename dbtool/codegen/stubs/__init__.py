"""The stubs of modules of models, by which ordinary SQLModel statements are understood by type checkers."""

from dbtool.codegen.stubs.module import modules as modules
from dbtool.codegen.stubs.module import stub as stub
