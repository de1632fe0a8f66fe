"""Stories of rows that leave a table as files, and rows that come into it from elsewhere; and of media."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from projects import Project
from studios import Sheet, Studio


def exported(page: Page, folder: Path, form: str, scope: str) -> str:
    """Export through the dialog and return the text of the file."""
    page.get_by_role("button", name="Export").click()
    page.get_by_label(scope).check()
    page.get_by_label(form, exact=False).first.check()
    with page.expect_download() as waiting:
        page.get_by_role("dialog").get_by_role("button", name="Export").click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path.read_text(encoding="utf-8")


def test_the_whole_table_as_csv(page: Page, studio: Studio, tmp_path: Path) -> None:
    page.goto(studio.link("/table/unit"))

    rows = list(csv.DictReader(exported(page, tmp_path, "CSV", "The whole table").splitlines()))

    assert [row["slug"] for row in rows] == [slug for (slug,) in studio.rows("select slug from unit order by id")]


def test_what_the_filters_leave_as_json(page: Page, studio: Studio, tmp_path: Path) -> None:
    page.goto(studio.link("/table/user_progress?filter=status~eq~done&sort=-score"))

    rows = json.loads(exported(page, tmp_path, "JSON", "Rows that the filters leave"))

    expected = studio.rows("select score from user_progress where status = 'done' order by score desc")
    assert [row["score"] for row in rows] == [score for (score,) in expected]


def test_selected_rows_as_ndjson(page: Page, studio: Studio, sheet: Sheet, tmp_path: Path) -> None:
    page.goto(studio.link("/table/level"))
    sheet.cell(0, "slug").click()
    sheet.cell(1, "slug").click(modifiers=["Shift"])

    lines = exported(page, tmp_path, "NDJSON", "Selected rows (2)").splitlines()

    assert [json.loads(line)["slug"] for line in lines] == ["beginner", "intermediate"]


def test_a_ticket_for_a_download_works_once(page: Page, studio: Studio) -> None:
    body = {
        "table": "level",
        "columns": ["slug"],
        "format": "csv",
        "filters": [],
        "search": "",
        "sort": [],
        "keys": None,
    }
    status, answer = studio.api("export", {**body, "guard": False})
    assert status == 200

    first = page.request.get(f"{studio.address}api/download/{answer['ticket']}")
    second = page.request.get(f"{studio.address}api/download/{answer['ticket']}")

    assert (first.status, first.text()) == (200, "slug\nbeginner\nintermediate\nadvanced\n")
    assert second.status == 404


def test_pasted_csv_is_looked_at_staged_and_saved(page: Page, studio: Studio) -> None:
    page.goto(studio.link("/table/level"))
    page.get_by_role("button", name="Import").click()
    page.get_by_label("CSV or JSON").fill('slug,name,colour\nexpert,"Expert, at last",red\nguru,Guru,blue\n')
    expect(page.get_by_text("no such column, left out: colour")).to_be_visible()
    page.get_by_role("button", name="Stage 2 rows").click()
    expect(page.get_by_text("2 changes", exact=True)).to_be_visible()

    page.keyboard.press("Control+s")
    expect(page.get_by_text("Saved 2 changes")).to_be_visible()

    assert studio.rows("select slug, name, position from level where id > 3") == [
        ("expert", "Expert, at last", 0),
        ("guru", "Guru", 0),
    ]


def test_what_does_not_fit_is_told_with_its_line_and_nothing_is_staged(page: Page, studio: Studio) -> None:
    page.goto(studio.link("/table/level"))
    page.get_by_role("button", name="Import").click()
    page.get_by_label("CSV or JSON").fill("slug,name,position\nexpert,Expert,many\n")

    expect(page.get_by_text("line 2, position")).to_be_visible()
    expect(page.get_by_role("button", name="Stage rows")).to_be_disabled()


def test_a_file_is_dropped_on_the_table(page: Page, studio: Studio) -> None:
    page.goto(studio.link("/table/level"))
    expect(page.get_by_role("grid")).to_be_visible()
    data = page.evaluate_handle(
        """() => {
          const data = new DataTransfer();
          data.items.add(new File(['[{"slug": "expert", "name": "Expert"}]'], "levels.json"));
          return data;
        }"""
    )
    page.dispatch_event(".tableview", "drop", {"dataTransfer": data})

    expect(page.get_by_role("button", name="Stage 1 row")).to_be_enabled()


def test_a_placeholder_is_marked_as_such(page: Page, studio: Studio, sheet: Sheet) -> None:
    page.goto(studio.link("/table/unit_asset"))
    sheet.cell(0, "object_key").click(button="right")
    page.get_by_role("menuitem", name="Open the object").click()

    expect(page.get_by_role("dialog", name="Placeholder")).to_be_visible()


@pytest.fixture
def bucket(seeded: Project, serve: Callable[..., Studio]) -> Studio:
    """A studio whose project has a bucket, and one asset that is no placeholder."""
    seeded.edit(
        "pyproject.toml",
        'media = ["*.object_key"]',
        'media = ["*.object_key"]\nbucket = "media"\nendpoint = "http://localhost:9000"',
    )
    studio = serve(seeded, MINIO_ACCESS_KEY="reader", MINIO_SECRET_KEY="secret-of-tests")
    studio.execute("update unit_asset set object_key = 'units/one.pdf', media_type = 'application/pdf' where id = 1")
    return studio


def test_an_object_is_opened_through_a_link_that_the_server_signs(page: Page, bucket: Studio, sheet: Sheet) -> None:
    page.goto(bucket.link("/table/unit_asset"))
    sheet.cell(0, "object_key").click(button="right")
    page.get_by_role("menuitem", name="Open the object").click()

    link = page.get_by_role("link", name="Open in a new tab").get_attribute("href") or ""
    assert link.startswith("http://localhost:9000/media/units/one.pdf?")
    assert "X-Amz-Signature=" in link and "secret-of-tests" not in link
