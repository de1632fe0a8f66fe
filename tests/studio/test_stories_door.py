"""Stories at the door: who has no token sees nothing, and who pastes it goes where the address pointed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from playwright.sync_api import Page, expect
from projects import Project
from studios import Sheet, Studio, Trap


def test_the_address_typed_by_hand_shows_no_data_and_takes_the_pasted_link(page: Page, studio: Studio) -> None:
    page.goto(studio.address)

    expect(page.get_by_text("whoever holds the key")).to_be_visible()
    assert "johndoe" not in page.content()

    page.get_by_label("Paste the link").fill(studio.url)
    page.get_by_role("button", name="Open").click()

    expect(page.get_by_role("grid")).to_be_visible()
    assert "#t=" not in page.url


def test_a_bookmark_goes_where_it_points_once_the_token_is_pasted(page: Page, studio: Studio, sheet: Sheet) -> None:
    page.goto(f"{studio.address}#/table/unit?sort=-slug")
    page.get_by_label("Paste the link").fill(studio.token)
    page.keyboard.press("Enter")

    expect(sheet.cell(0, "slug")).to_have_text("shopping-vocabulary")


def test_the_token_leaves_the_address_and_survives_a_reload(page: Page, studio: Studio, sheet: Sheet) -> None:
    page.goto(studio.link("/table/level"))
    expect(sheet.cell(0, "slug")).to_have_text("beginner")
    assert studio.token not in page.url

    page.reload()

    expect(sheet.cell(0, "slug")).to_have_text("beginner")


def test_a_second_tab_is_asked_for_the_token(page: Page, studio: Studio) -> None:
    page.goto(studio.link())
    expect(page.get_by_role("grid")).to_be_visible()

    second = page.context.new_page()
    second.goto(f"{studio.address}#/table/user")

    expect(second.get_by_label("Paste the link")).to_be_visible()


def test_a_link_with_a_wrong_token_is_refused_and_says_so(trap: tuple[Page, Trap], studio: Studio) -> None:
    page, faults = trap
    faults.expects("401")

    page.goto(f"{studio.address}#t=wrong")

    expect(page.get_by_text("no longer valid")).to_be_visible()
    expect(page.get_by_label("Paste the link")).to_be_focused()


def test_a_studio_that_was_started_again_asks_for_its_new_token_and_keeps_what_was_staged(
    trap: tuple[Page, Trap], seeded: Project, serve: Callable[..., Studio], sheet: Sheet
) -> None:
    page, faults = trap
    first = serve(seeded)
    page.goto(first.link("/table/level"))
    sheet.type_into(0, "name", "Novice")
    expect(page.get_by_text("1 change", exact=True)).to_be_visible()
    faults.expects("401", "ERR_CONNECTION_REFUSED", "Failed to load resource")
    port = first.address.rstrip("/").rpartition(":")[2]
    first.stop()

    second = serve(seeded, "--port", port)
    page.get_by_title("Read again").click()
    page.get_by_label("Paste the link").fill(second.token)
    page.keyboard.press("Enter")

    expect(sheet.cell(0, "name")).to_have_text("Novice")
    expect(page.get_by_text("1 change", exact=True)).to_be_visible()


def test_a_cold_load_takes_fewer_than_twenty_requests_and_the_page_is_small(
    trap: tuple[Page, Trap], studio: Studio, sheet: Sheet
) -> None:
    page, seen = trap
    studio.execute(
        "insert into aggregate_score (user_id, period, period_start, score, units_done)"
        " with recursive n(n) as (select 1 union all select n + 1 from n where n < 1000)"
        " select 1, 'daily', date('2020-01-01', n || ' days'), 1, 1 from n"
    )

    page.goto(studio.link())
    expect(sheet.cell(0, "score")).to_be_visible()
    page.wait_for_load_state("networkidle")

    assert len(seen.requests) < 20, "\n".join(seen.requests)


def test_the_shell_itself_holds_no_data(studio: Studio, page: Page) -> None:
    answer = page.request.get(studio.address)

    policy = answer.headers["content-security-policy"]
    assert answer.status == 200
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert not re.search(r"johndoe|dev\.db", answer.text())


def test_every_answer_without_a_token_is_a_refusal(studio: Studio) -> None:
    status, answer = studio.api("schema", **{"X-Dbtool-Token": "wrong"})

    assert status == 401
    assert "johndoe" not in json.dumps(answer)
