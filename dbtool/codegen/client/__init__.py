"""The typed client of a project's models, as the text of a Python module."""

from dbtool.codegen.client.module import RESERVED as RESERVED
from dbtool.codegen.client.module import client as client
