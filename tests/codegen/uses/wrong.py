"""What is wrong: refused by three type checkers. `# wrong: key` names the key that the message must name.

`# key # wrong` is a wrong key within a union, which pyright and mypy refuse without naming it. Every wrong key is
carried out too.
"""

from datetime import date

from pydantic import BaseModel
from sample_client import Client, UnitCreate, UnitWhere

from dbtool.models import AssetKind


class Card(BaseModel):
    title: str


db = Client()

# Keys of `where`

db.unit.find_many({"titel": "x"})  # wrong: titel
db.unit.find_many(where={"titel": {"contains": "x"}})  # wrong: titel
db.unit.find_first(where={"name": "x"})  # wrong: name
db.unit.find_first_or_raise({"Title": "x"})  # wrong: Title
db.unit.count({"titel": "x"})  # wrong: titel
db.unit.aggregate({"titel": "x"}, sum=["position"])  # wrong: titel
db.unit.group_by(["story_id"], where={"titel": "x"})  # wrong: titel
db.unit.update_many({"titel": "x"}, {"title": "y"})  # wrong: titel
db.unit.delete_many({"titel": "x"})  # wrong: titel
db.unit.find_many({"and": [{"title": "x"}]})  # wrong: and
db.unit.find_many({"AND": [{"titel": "x"}]})  # wrong: titel
db.unit.find_many({"OR": [{"title": "x"}, {"titel": "x"}]})  # wrong: titel
db.unit.find_many({"NOT": {"titel": "x"}})  # wrong: titel
db.unit.find_many({"OR": [{"AND": [{"NOT": {"titel": "x"}}]}]})  # wrong: titel
db.unit.find_many({"story": {"titel": "x"}})  # wrong: titel
db.unit.find_many({"story": {"level": {"nam": "x"}}})  # wrong: nam
db.unit.find_many({"storey": {"title": "x"}})  # wrong: storey
db.unit.find_many({"story": {"isnt": None}})  # wrong: isnt
db.unit.find_many({"assets": {"any": {"kind": "video"}}})  # wrong: any
db.unit.find_many({"assets": {"some": {"knd": "video"}}})  # wrong: knd
db.unit.find_many({"assets": {"every": {"knd": "video"}}})  # wrong: knd
db.unit.find_many({"assets": {"kind": "video"}})  # wrong: kind
db.unit.find_many({"progress": {"none": {"user": {"user_name": "x"}}}})  # wrong: user_name
db.level.find_many({"stories": {"some": {"units": {"some": {"assets": {"none": {"knd": "video"}}}}}}})  # wrong: knd
db.unit.select(Card).find_many({"titel": "x"})  # wrong: titel
where: UnitWhere = {"titel": "x"}  # wrong: titel

# Unique keys

db.unit.find_unique({"title": "x"})  # wrong: title
db.unit.find_unique_or_raise({"ID": 1})  # wrong: ID
db.unit.find_many(cursor={"position": 1})  # wrong: position
db.daily_plan.find_unique({"user_id": 1, "date": date(2026, 1, 1)})  # wrong: date
db.unit.update({"title": "x"}, {"position": 1})  # wrong: title
db.unit.delete({"title": "x"})  # wrong: title
db.level.upsert({"name": "x"}, create={"slug": "x", "name": "x"}, update={})  # wrong: name
db.unit.select(Card).find_unique({"title": "x"})  # wrong: title

# Relations that are included

db.unit.find_many(include={"asset": True})  # wrong: asset
db.unit.find_unique({"id": 1}, include={"title": True})  # wrong: title
db.unit.find_first(include={"storey": {"include": {"level": True}}})  # wrong: storey
db.level.create({"slug": "x", "name": "x"}, include={"story": True})  # wrong: story
db.unit.update({"id": 1}, {"position": 1}, include={"asset": True})  # wrong: asset
db.unit.delete({"id": 1}, include={"asset": True})  # wrong: asset

# Order

db.unit.find_many(order_by={"titel": "asc"})  # wrong: titel
db.unit.find_first(order_by={"story": {"titel": "asc"}})  # wrong: titel
db.unit.find_many(order_by={"story": {"level": {"nam": "asc"}}})  # wrong: nam
db.unit.find_many(order_by={"assets": {"id": "asc"}})  # wrong: assets
db.unit.select(Card).find_many(order_by={"titel": "asc"})  # wrong: titel

# Names of columns

db.unit.find_many(distinct=["titel"])  # wrong: titel
db.unit.aggregate(sum=["positon"])  # wrong: positon
db.unit.aggregate(min=["titel"])  # wrong: titel
db.unit.group_by(["titel"])  # wrong: titel
db.unit.group_by(["title"], order_by={"titel": "asc"})  # wrong: titel
db.unit.group_by(["title"], having={"total": {"position": 1}})  # wrong: total

# Rows that are made

db.level.create({"slug": "x", "name": "x", "nam": "x"})  # wrong: nam
db.level.create({"slug": "x", "name": "x", "stories": {"creat": []}})  # wrong: creat
db.level.create(
    {"slug": "x", "name": "x", "stories": {"create": [{"slug": "x", "title": "x", "level_id": 1}]}}
)  # wrong: level_id
db.level.create({"slug": "x", "name": "x", "stories": {"connect": [{"titel": "x"}]}})  # wrong: titel
db.level.create(
    {"slug": "x", "name": "x", "stories": {"create": [{"slug": "x", "title": "x", "units": {"connects": []}}]}}
)  # wrong: connects
db.unit.create_many([{"slug": "x", "title": "x", "story_id": 1, "titel": "x"}])  # wrong: titel
db.level.create_many([{"slug": "x", "name": "x", "stories": {}}])  # wrong: stories
db.level.upsert({"id": 99}, create={"slug": "x", "name": "x", "nam": "x"}, update={})  # wrong: nam

# Rows that are changed

db.unit.update({"id": 1}, {"titel": "x"})  # wrong: titel
db.unit.update_many({"id": 1}, {"titel": "x"})  # wrong: titel
db.unit.update_many({"id": 1}, {"story": {"connect": {"id": 1}}})  # wrong: story
db.unit.update({"id": 1}, {"story": {"conect": {"id": 1}}})  # wrong: conect
db.unit.update({"id": 1}, {"story": {"disconnect": True}})  # wrong: disconnect
db.unit.update({"id": 1}, {"story": {"update": {"titel": "x"}}})  # wrong: titel
db.unit.update({"id": 1}, {"assets": {"remove": [{"id": 1}]}})  # wrong: remove
db.unit.update({"id": 1}, {"assets": {"delete": [{"key": 1}]}})  # wrong: key
db.unit.update(
    {"id": 1}, {"assets": {"update": [{"where": {"id": 1}, "data": {"sice_bytes": 1}}]}}
)  # wrong: sice_bytes
db.unit.update({"id": 1}, {"assets": {"update": [{"where": {"knd": 1}, "data": {"size_bytes": 1}}]}})  # wrong: knd
db.level.upsert({"id": 1}, create={"slug": "x", "name": "x"}, update={"nam": "x"})  # wrong: nam

# Keys within a union

db.unit.find_many({"title": {"contain": "x"}})  # contain # wrong
db.unit.find_many({"position": {"greater": 1}})  # greater # wrong
db.unit.find_many({"position": {"contains": "1"}})  # contains # wrong
db.unit.find_many({"story": {"is": {"titel": "x"}}})  # titel # wrong
db.unit.find_many(include={"assets": {"wher": {"kind": "video"}}})  # wher # wrong
db.unit.find_many(include={"assets": {"where": {"knd": "video"}}})  # knd # wrong
db.unit.find_many(include={"story": {"include": {"levels": True}}})  # levels # wrong
db.unit.create({"slug": "x", "title": "x", "titel": "x", "story_id": 1})  # titel # wrong
db.unit.create({"slug": "x", "title": "x", "story": {"conect": {"id": 1}}})  # conect # wrong
db.unit.update({"id": 1}, {"position": {"add": 1}})  # add # wrong
db.unit.update({"id": 1}, {"title": {"increment": 1}})  # increment # wrong

# Values

db.unit.find_many({"title": 5})  # wrong
db.unit.find_many({"title": None})  # wrong
db.unit.find_many({"id": "7"})  # wrong
db.unit.find_many({"title": {"contains": 5}})  # wrong
db.unit.find_many({"title": {"in": "abc", "not_in": 5}})  # wrong
db.unit.find_many({"title": {"equals": None}})  # wrong
db.unit.find_many({"title": {"mode": "sensitive"}})  # wrong
db.unit.find_many({"OR": {"title": "x"}})  # wrong
db.unit_asset.find_many({"kind": "film"})  # wrong
db.unit_asset.find_many({"kind": {"in": ["video", "film"]}})  # wrong
db.daily_plan.find_many({"day": "2026-01-01"})  # wrong
db.unit.find_many({"story": "x"})  # wrong
db.unit.find_many({"assets": [{"kind": "video"}]})  # wrong
db.unit.find_many(order_by={"title": "ascending"})  # wrong
db.unit.find_many(order_by=["title"])  # wrong
db.unit.find_many(take="5")  # wrong
db.unit.find_many(include={"assets": 1.5})  # wrong
db.unit.find_many(include=["assets"])  # wrong
db.unit.find_unique()  # wrong
db.unit.find_unique(1)  # wrong
db.level.create({"slug": "x"})  # wrong: name
db.level.create({"slug": "x", "name": None})  # wrong
db.unit.create({"slug": "x", "title": "x"})  # wrong
db.unit.create({"slug": "x", "title": "x", "story_id": 1, "story": {"connect": {"id": 1}}})  # wrong
db.unit.create({"slug": "x", "title": "x", "story_id": "1"})  # wrong
db.user_progress.create({"user_id": 1})  # wrong
db.user_progress.create({"user_id": 1, "unit_id": 1, "unit": {"connect": {"id": 1}}})  # wrong
db.unit.create_many([{"slug": "x", "title": "x"}])  # wrong: story_id
db.unit_asset.create({"unit_id": 1, "kind": "film", "object_key": "x", "media_type": "x"})  # wrong
db.unit.update({"id": 1}, {"position": {"increment": "1"}})  # wrong
db.unit.update({"id": 1}, {"title": None})  # wrong
db.unit.update({"id": 1})  # wrong
db.unit.aggregate(sum=["title"])  # wrong
db.unit.group_by([], take="x")  # wrong
data: UnitCreate = {"slug": "x", "title": "x", "story": None}  # wrong
kind: AssetKind = db.unit.find_first_or_raise()  # wrong
titles: list[str] = db.unit.find_many()  # wrong
title: str = db.unit.find_unique({"id": 1}).title  # wrong
db.units.find_many()  # wrong
db.unit.find_all()  # wrong
