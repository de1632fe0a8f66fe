"""The other way round: a database as the models that a person would have written for it."""

from dbtool.codegen.models.merging import Home, Homes, Merged, merge
from dbtool.codegen.models.module import Module, written
from dbtool.codegen.models.naming import Known

__all__ = ["Home", "Homes", "Known", "Merged", "Module", "merge", "written"]
