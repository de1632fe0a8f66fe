"""The entity-relationship diagram: as a picture, as Mermaid and as DBML."""

from dbtool.codegen.erd.dbml import dbml as dbml
from dbtool.codegen.erd.mermaid import mermaid as mermaid
from dbtool.codegen.erd.picture import picture as picture
from dbtool.codegen.erd.svg import svg as svg
