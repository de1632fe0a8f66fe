"""The diagram as a picture that stands alone: with its colours, light and dark, and its groups told apart."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from dbtool.codegen.erd.groups import groups
from dbtool.codegen.erd.svg import svg

if TYPE_CHECKING:
    from sqlalchemy import Table

# Hue, for heads of tables; groups beyond begin again.
HUES = (212, 150, 32, 275, 340, 185, 95, 10)
_STYLE = """
.erd{--paper:#fff;--box:#fff;--line:#c3cad5;--text:#1c2430;--dim:#6a7585;--edge:#8893a4;--light:93%;--ink:26%;background:var(--paper);\
font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:var(--text)}
@media(prefers-color-scheme:dark){.erd{--paper:#10151d;--box:#161d28;--line:#33404f;--text:#dde4ee;--dim:#8d9aab;--edge:#66758a;\
--light:24%;--ink:82%}}
.paper{fill:var(--paper)}
.box{fill:var(--box);stroke:var(--line)}
.rule{stroke:var(--line)}
.name,.key{font-weight:600}
.foreign{fill:var(--dim);font-style:italic}
.type{fill:var(--dim);font-size:11px}
.edge,.end{fill:none;stroke:var(--edge);stroke-width:1.3}
.end{fill:var(--paper)}
.relation:hover .edge,.relation:hover .end{stroke:#e0662f;stroke-width:2.2}
"""


def picture(tables: Iterable[Table]) -> str:
    """Return an SVG file, ending with a newline, that shows itself light or dark as its reader has it.

    Tables of a group have heads of one colour. Read it aloud or over: every table and foreign key has a title.
    """
    ordered = list(tables)
    found = groups(ordered)
    numbers = {name: number for number, name in enumerate(dict.fromkeys(found.values()))}
    colours = "".join(_colour(number) for number in range(min(len(numbers), len(HUES))))
    style = f'<style>{_STYLE.strip()}{colours}</style><rect class="paper" width="100%" height="100%"/>'
    title = f"<title>{escape(_told(len(ordered), list(numbers)))}</title>"
    classes = {table.key: f"g{numbers[found[table.key]] % len(HUES)}" for table in ordered}
    return svg(ordered, inner=title + style, classes=classes) + "\n"


def _colour(number: int) -> str:
    hue = HUES[number]
    return f".g{number} .head{{fill:hsl({hue} 60% var(--light))}}.g{number} .name{{fill:hsl({hue} 55% var(--ink))}}"


def _told(tables: int, names: list[str]) -> str:
    shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    return f"{tables} table{'' if tables == 1 else 's'}: {shown}" if names else "no tables"
