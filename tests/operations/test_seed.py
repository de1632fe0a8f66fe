"""The sample's seeds, and the operation with its command."""

import base64
import hashlib
from pathlib import Path

import pytest
from projects import Project
from sqlalchemy import select

import dbtool
from dbtool.config import Config
from dbtool.database import Database
from dbtool.engine import schema
from dbtool.errors import SettingError
from dbtool.operations.seed import load_seeds
from dbtool.reports import Seeded, SeedReport

REPOSITORY = Path(__file__).resolve().parents[2]
SAMPLE = {
    "user": 2,
    "level": 3,
    "story": 4,
    "unit": 5,
    "unit_asset": 9,
    "user_progress": 4,
    "daily_plan": 2,
    "daily_plan_entry": 5,
    "pronunciation_attempt": 3,
    "aggregate_score": 8,
}
OBJECT_KEYS = [
    "placeholder/videos/greeting-phrases-v1.mp4",
    "placeholder/audio/pronunciation-greeting-phrases-en.mp3",
    "placeholder/subtitles/greeting-phrases-en.vtt",
    "placeholder/screenshots/greeting-phrases-screenshot-1.jpg",
    "placeholder/metadata/greeting-phrases-metadata.json",
    "placeholder/videos/name-introduction-v1.mp4",
    "placeholder/videos/shopping-vocabulary-v1.mp4",
    "placeholder/videos/meeting-scheduling-v1.mp4",
    "placeholder/videos/abstract-concepts-v1.mp4",
]


def config_of(database: Database) -> Config:
    return dbtool.load_config(project=REPOSITORY, url="sqlite://")


def create_tables(database: Database) -> Config:
    config = config_of(database)
    with database.connect("write") as connection:
        schema.load(config).create_all(connection)
        connection.commit()
    return config


def column(database: Database, table: str, name: str) -> list[object]:
    found = schema.load(config_of(database)).tables[table]
    with database.connect("read") as connection:
        return list(connection.execute(select(found.columns[name]).order_by(found.columns["id"])).scalars())


def test_the_sample_is_loaded_once_and_then_found_unchanged(database: Database) -> None:
    config = create_tables(database)
    files = ("seed_data/content.yaml", "seed_data/tracking.yaml", "seed_data/users.yaml")

    first, second = load_seeds(config, database), load_seeds(config, database)

    assert first == SeedReport(
        database.url.safe, files, tuple(Seeded(name, rows, 0, 0) for name, rows in SAMPLE.items()), dry_run=False
    )
    assert second == SeedReport(
        database.url.safe, files, tuple(Seeded(name, 0, 0, rows) for name, rows in SAMPLE.items()), dry_run=False
    )
    assert column(database, "unit_asset", "object_key") == OBJECT_KEYS
    assert set(column(database, "pronunciation_attempt", "object_key")) == {
        "placeholder/pronunciation/user-attempt-audio.wav"
    }


def test_the_sample_s_password_is_the_documented_one(database: Database) -> None:
    load_seeds(create_tables(database), database)

    for stored in column(database, "user", "password_hash"):
        _, name, costs, salt, key = str(stored).split("$")
        made = hashlib.scrypt(b"correct horse battery", salt=base64.b64decode(salt + "=="), n=2**14, r=8, p=1, dklen=32)
        assert (name, costs, base64.b64encode(made).decode().rstrip("=")) == ("scrypt", "ln=14,r=8,p=1", key)


def test_seed_is_a_command_that_says_what_it_did(project) -> None:
    project.run("migrate", "--name", "init")

    tried = project.run("seed", "--dry-run", "--json")
    done = project.run("seed", "--json")
    again = project.run("seed", "--json")

    rows = [
        {"table": "author", "inserted": 1, "updated": 0, "unchanged": 0, "deleted": 0},
        {"table": "book", "inserted": 2, "updated": 0, "unchanged": 0, "deleted": 0},
    ]
    url = f"sqlite:///{project.root / 'dev.db'}"
    report = {"database": url, "files": ["seed_data/authors.yaml"], "tables": rows, "dry_run": False, "ok": True}
    report |= {"checked": None, "backup": None}
    assert tried.json == {"command": "seed", "ok": True, "report": {**report, "dry_run": True}}
    assert done.json == {"command": "seed", "ok": True, "report": report}
    assert [(each["inserted"], each["unchanged"]) for each in again.json["report"]["tables"]] == [(0, 1), (0, 2)]


def test_a_bad_seed_file_ends_the_command_with_every_problem(project) -> None:
    project.run("migrate", "--name", "init")
    project.edit("seed_data/authors.yaml", "pages: 387", "pages: many")
    project.edit("seed_data/authors.yaml", "title: The Lathe of Heaven", "tilte: The Lathe of Heaven")

    done = project.run("seed", "--json")

    assert done.code == 1
    assert done.json["error"] == {
        "code": "DB601",
        "message": "2 problems in seed_data, nothing was written",
        "hint": "correct seed_data/authors.yaml:5:16 and what follows, then: dbtool seed",
        "problems": [
            "seed_data/authors.yaml:5:16: `pages` should be a valid integer, not `many`",
            "seed_data/authors.yaml:6:9: `Book` has no `tilte`; did you mean `title`?",
        ],
    }


def test_a_project_without_seed_files_is_told_so(project) -> None:
    project.run("migrate", "--name", "init")
    (project.root / "seed_data" / "authors.yaml").unlink()

    done = project.run("seed")

    assert (done.code, done.stdout) == (0, "nothing to seed: there are no seed files\n")


DEMO = "Author:\n  - name: Octavia E. Butler\n"


def authors(project: Project) -> str:
    return project.run("query", "select name from author order by name", "--csv").stdout


def test_a_set_is_loaded_when_it_is_asked_for_or_configured(project: Project) -> None:
    project.write("seed_data/demo/authors.yaml", DEMO)
    project.run("migrate", "--name", "init")

    base = project.run("seed")
    unknown = project.run("seed", "--set", "dmo")

    assert (base.code, authors(project)) == (0, "name\nUrsula K. Le Guin\n")
    assert (unknown.code, unknown.stdout) == (2, "")
    assert "no set `dmo`" in unknown.stderr and "one of demo" in unknown.stderr
    assert project.run("seed", "--set", "demo").code == 0
    assert authors(project) == "name\nOctavia E. Butler\nUrsula K. Le Guin\n"

    assert project.run("reset", "--yes").code == 0
    assert authors(project) == "name\nUrsula K. Le Guin\n"
    assert project.run("reset", "--yes", "--set", "nothing").code == 2
    assert project.run("reset", "--yes", "--set", "demo").code == 0
    assert authors(project) == "name\nOctavia E. Butler\nUrsula K. Le Guin\n"

    project.edit("pyproject.toml", "[tool.dbtool]\n", '[tool.dbtool.seed]\nsets = ["demo"]\n\n[tool.dbtool]\n')
    assert project.run("reset", "--yes").code == 0
    assert authors(project) == "name\nOctavia E. Butler\nUrsula K. Le Guin\n"


def test_samples_go_into_no_protected_database_unless_its_environment_says_so(project: Project) -> None:
    for name in ("demo", "countries"):
        project.write(f"seed_data/{name}/authors.yaml", DEMO.replace("Octavia", name))
    project.run("migrate", "--name", "init")
    project.write(".env.production", "DATABASE_URL=sqlite:///dev.db\nDBTOOL_PROTECTED=1\n")
    confirmed = ("--env", "production", "--confirm", "production")

    refused = project.run("seed", "--set", "demo", *confirmed)
    reset = project.run("reset", "--yes", "--set", "demo", *confirmed)
    others = project.run("seed", "--set", "countries", *confirmed)

    assert (refused.code, reset.code, others.code) == (1, 1, 0), others.stderr
    assert "[DB504]" in refused.stderr and "the seeds of `demo` are samples" in refused.stderr
    assert authors(project) == "name\nUrsula K. Le Guin\ncountries E. Butler\n"

    project.edit(
        "pyproject.toml", "[tool.dbtool]\n", '[tool.dbtool.env.production]\nsets = ["demo"]\n\n[tool.dbtool]\n'
    )
    assert project.run("seed", *confirmed).code == 0
    assert "demo E. Butler" in authors(project)


def test_an_unknown_time_zone_is_a_wrong_setting(database: Database) -> None:
    from dataclasses import replace

    with pytest.raises(SettingError):
        load_seeds(replace(create_tables(database), timezone="Mars/Olympus"), database)


def test_a_check_needs_no_database_and_shows_the_lines_that_are_wrong(project: Project) -> None:
    fine = project.run("seed", "--check")
    project.edit("seed_data/authors.yaml", "pages: 387", "pages: many")

    wrong = project.run("seed", "--check")

    assert (fine.code, fine.stdout) == (0, "checked 3 rows in 1 file: nothing is wrong\n")
    assert wrong.code == 1 and not (project.root / "dev.db").exists()
    assert wrong.stderr.splitlines()[:3] == [
        "error [DB601] 1 problem in seed_data, nothing was written",
        "  seed_data/authors.yaml:5:16: `pages` should be a valid integer, not `many`",
        "      pages: 387".replace("387", "many"),
    ]


def test_prune_asks_and_takes_a_backup(project: Project) -> None:
    project.run("migrate", "--name", "init")
    project.run("seed")
    project.edit("seed_data/authors.yaml", "      - title: The Lathe of Heaven\n        pages: 184\n", "")

    refused = project.run("seed", "--prune")
    tried = project.run("seed", "--prune", "--dry-run")
    done = project.run("seed", "--prune", "--yes")

    assert refused.code == 1 and "delete rows that the seed files do not have: 1 of book?" in refused.stderr
    assert "1 unchanged, 1 deleted" in tried.stdout and "rolled back" in tried.stdout
    assert done.code == 0, done.stderr
    assert list((project.root / ".dbtool" / "backups").iterdir())
    assert "backup .dbtool/backups/" in done.stdout
    assert project.run("show", "book", "--csv").stdout.count("\n") == 2


def test_files_can_be_named(project: Project) -> None:
    project.run("migrate", "--name", "init")
    project.write("elsewhere/author.csv", "name\nMary Shelley\n")
    project.write("elsewhere/more.json", '{"Author": [{"name": "Jane Austen", "books": [{"title": "Emma"}]}]}')

    done = project.run("seed", "elsewhere/author.csv", "elsewhere/more.json")

    assert "seeded 3 rows from 2 files" in done.stdout
    assert "there is no file" in project.run("seed", "nowhere.yaml").stderr
    assert "is no seed file" in project.run("seed", "pyproject.toml").stderr
