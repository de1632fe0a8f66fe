"""The runtime on which a generated client runs: tables of the user's own models, typed by what is generated."""

from dbtool.client.aggregates import Aggregate, Group, Having
from dbtool.client.async_client import AsyncClientBase
from dbtool.client.async_table import AsyncTable
from dbtool.client.client import ClientBase
from dbtool.client.parameters import ABSENT
from dbtool.client.selection import AsyncSelection, Selection
from dbtool.client.table import Table

__all__ = [
    "ABSENT",
    "Aggregate",
    "AsyncClientBase",
    "AsyncSelection",
    "AsyncTable",
    "ClientBase",
    "Group",
    "Having",
    "Selection",
    "Table",
]
