from __future__ import annotations

import pytest
from sqlalchemy import Column, ForeignKey, ForeignKeyConstraint, Integer, MetaData, String, Table

from dbtool.errors import ColumnNotFoundError, TableNotFoundError
from dbtool.rows.find import find_column, find_column_or_reference, find_columns, find_name

SAMPLE = {
    name: [model]
    for name, model in {
        "user": "User",
        "level": "Level",
        "story": "Story",
        "unit": "Unit",
        "unit_asset": "UnitAsset",
        "user_progress": "UserProgress",
        "daily_plan": "DailyPlan",
        "daily_plan_entry": "DailyPlanEntry",
    }.items()
}
OTHERS: dict[str, list[str]] = {
    name: []
    for name in (
        "categories", "people", "boxes", "leaves", "status", "address", "news", "auth.account", "UPPER", "data",
        "order-line", "indices", "analyses", "heroes", "日本",
    )
}  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "table"),
    [
        ("unit", "unit"),
        ("units", "unit"),
        ("Unit", "unit"),
        ("UNITS", "unit"),
        ("unit_assets", "unit_asset"),
        ("UnitAsset", "unit_asset"),
        ("unit-asset", "unit_asset"),
        ("unit asset", "unit_asset"),
        ("UnitAssets", "unit_asset"),
        ("stories", "story"),
        ("levels", "level"),
        ("user_progress", "user_progress"),
        ("daily-plan-entries", "daily_plan_entry"),
        ("DailyPlans", "daily_plan"),
    ],
)
def test_a_model_s_table_is_found_by_what_people_call_it(typed, table):
    assert find_name(typed, SAMPLE) == table


@pytest.mark.parametrize(
    ("typed", "table"),
    [
        ("category", "categories"),
        ("Category", "categories"),
        ("person", "people"),
        ("box", "boxes"),
        ("leaf", "leaves"),
        ("statuses", "status"),
        ("addresses", "address"),
        ("news", "news"),
        ("account", "auth.account"),
        ("auth.account", "auth.account"),
        ("accounts", "auth.account"),
        ("upper", "UPPER"),
        ("order_lines", "order-line"),
        ("index", "indices"),
        ("analysis", "analyses"),
        ("hero", "heroes"),
        ("日本", "日本"),
    ],
)
def test_a_table_named_in_the_plural_is_found_in_the_singular(typed, table):
    known = {key: [key.partition(".")[2]] if "." in key else [] for key in OTHERS}

    assert find_name(typed, known) == table


def test_an_exact_name_wins_over_one_that_only_differs_in_number():
    known: dict[str, list[str]] = {"unit": [], "units": [], "Units": []}

    assert [find_name(name, known) for name in known] == ["unit", "units", "Units"]


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("untis", "did you mean `unit`?"),
        ("stroy", "did you mean `story`?"),
        ("user_progres", "did you mean `user_progress`?"),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest(typed, hint):
    with pytest.raises(TableNotFoundError) as error:
        find_name(typed, SAMPLE)

    assert (error.value.message, error.value.hint) == (f"there is no table `{typed}`", hint)


def test_a_name_that_is_near_to_none_is_answered_with_what_there_is():
    with pytest.raises(TableNotFoundError) as error:
        find_name("🙂", {"a": [], "b": []})

    assert error.value.hint == "tables: a, b"


def test_a_name_that_fits_two_tables_is_not_guessed():
    with pytest.raises(TableNotFoundError) as error:
        find_name("users", {"a.user": ["user"], "b.user": ["user"]})

    assert error.value.hint == "did you mean `a.user` or `b.user`?"


def order_line() -> Table:
    metadata = MetaData()
    Table("customer", metadata, Column("id", Integer, primary_key=True))
    Table("order", metadata, Column("year", Integer, primary_key=True), Column("number", Integer, primary_key=True))
    return Table(
        "order_line",
        metadata,
        Column("year", Integer),
        Column("number", Integer),
        Column("customer_id", ForeignKey("customer.id")),
        Column("unitPrice", Integer),
        Column("a,b", String),
        ForeignKeyConstraint(["year", "number"], ["order.year", "order.number"]),
    )


@pytest.mark.parametrize(
    ("typed", "column"),
    [
        ("year", "year"),
        ("customer_id", "customer_id"),
        ("customer", "customer_id"),
        ("unit_price", "unitPrice"),
        ("UNITPRICE", "unitPrice"),
        ("a,b", "a,b"),
    ],
)
def test_a_column_is_found_by_its_name_or_its_relation_s(typed, column):
    assert find_column(order_line(), typed).name == column


def test_the_name_of_a_relation_means_the_foreign_key():
    found = find_column_or_reference(order_line(), "customer")

    assert isinstance(found, ForeignKeyConstraint)


def test_columns_are_split_at_commas_and_kept_in_the_order_typed():
    found = find_columns(order_line(), ["number,customer", "a,b", "number"])

    assert [column.name for column in found] == ["number", "customer_id", "a,b"]


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("custmer", "did you mean `customer`?"),
        ("zzz", "columns: year, number, customer_id, unitPrice, a,b, order, customer"),
    ],
)
def test_a_wrong_column_is_answered_with_the_nearest(typed, hint):
    with pytest.raises(ColumnNotFoundError) as error:
        find_column(order_line(), typed)

    assert (error.value.message, error.value.hint) == (f"`order_line` has no column `{typed}`", hint)
