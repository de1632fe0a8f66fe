"""Statements on models of other kinds (`codegen/kinds`), which every type checker accepts beside their stubs.

`python kinds_right.py` runs them all.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, assert_type
from uuid import UUID

from kinds import accounts, animals, articles, behaviour, heroes, library, offices, orders, products, scalars, tree
from kinds.library.authors import Author
from kinds.odd import Any as OddAny
from kinds.odd import Guests, Meal
from kinds.odd import type as odd_type
from kinds.vehicles import Base as VehicleBase
from kinds.vehicles import Car, Vehicle
from sqlalchemy.orm import aliased, selectinload
from sqlmodel import Session, SQLModel, create_engine, func, select


def opened(base: type[SQLModel]) -> Session:
    engine = create_engine("sqlite://")
    base.metadata.create_all(engine)
    return Session(engine)


def many_to_many() -> None:
    with opened(heroes.Base) as session:
        mission = heroes.Mission(title="Rescue")
        hero = heroes.Hero(name="Deadpond", secret_name="Dive", missions=[mission], team=heroes.Team(name="A"))
        session.add(hero)
        session.commit()
        on_mission = select(heroes.Hero).where(heroes.Hero.missions.any(heroes.Mission.title == "Rescue"))
        assert session.exec(on_mission).one() is hero
        joined = select(heroes.Hero.name, heroes.Mission.title).join(heroes.Hero.missions)
        assert session.exec(joined).one() == ("Deadpond", "Rescue")
        link = session.exec(select(heroes.MissionHeroLink).where(heroes.MissionHeroLink.hero_id == hero.id)).one()
        assert_type(link.mission_id, int)
        teamless = select(heroes.Hero).where(heroes.Hero.team_id.is_(None)).order_by(heroes.Hero.age.desc())
        assert session.exec(teamless).first() is None
        team = hero.team
        assert team is not None and hero.greeting() == "I am Deadpond"
        assert_type(team.heroes, list[heroes.Hero])
        given = heroes.HeroCreate(name=" x ", secret_name="y", team_id=team.id)
        made = heroes.Hero.model_validate(given)
        assert heroes.HeroPublic(id=1, **made.model_dump(exclude={"id"})).name == "x"


def by_a_plain_table() -> None:
    with opened(articles.Base) as session:
        session.add(articles.Article(headline="News", tags=[articles.Tag(name="new")]))
        session.commit()
        tagged = select(articles.Article).where(articles.Article.tags.any(articles.Tag.name.in_(["new"])))
        article = session.exec(tagged.options(selectinload(articles.Article.tags))).one()
        names: list[str] = [tag.name for tag in article.tags]
        assert names == list(article.tag_names)
        assert "tag_id" in articles.article_tag.c


def a_tree() -> None:
    with opened(tree.Base) as session:
        root = tree.Category(name="root", children=[tree.Category(name="leaf")])
        session.add(root)
        session.commit()
        parent = aliased(tree.Category)
        pairs = select(tree.Category.name, parent.name).join(parent, tree.Category.parent_id == parent.id)
        assert session.exec(pairs).one() == ("leaf", "root")
        leaf = session.exec(select(tree.Category).where(~tree.Category.children.any())).one()
        assert_type(leaf.parent, tree.Category | None)
        assert leaf.path() == "root/leaf"
        assert session.exec(select(tree.Category).where(tree.Category.parent.has(name="root"))).one() is leaf


def composite_keys() -> None:
    with opened(orders.Base) as session:
        line = orders.PurchaseLine(position=1, item="tea", price=Decimal("2.50"))
        session.add(orders.Purchase(shop="north", number=1, customer="jo", lines=[line]))
        session.add(orders.Remark(text="hot", line=line))
        session.commit()
        found = session.get(orders.Purchase, ("north", 1))
        assert found is not None
        total = select(func.sum(orders.PurchaseLine.price)).join(orders.PurchaseLine.purchase)
        assert session.exec(total.where(orders.Purchase.customer == "jo")).one() == Decimal("2.50")
        remark = session.exec(select(orders.Remark)).one()
        assert remark.line is line


def inheritance() -> None:
    with opened(animals.Base) as session:
        shelter = animals.Shelter(town="Bern")
        session.add(shelter)
        session.commit()
        session.add(animals.Cat(name="Tom", shelter_id=shelter.id, lives=7))
        session.commit()
        cat = session.exec(select(animals.Cat).where(animals.Cat.lives < 9, animals.Cat.name.startswith("T"))).one()
        animal: animals.Animal = cat
        assert animal.sound() == "miaow"
        assert_type(shelter.animals, list[animals.Animal])
    with opened(VehicleBase) as session:
        session.add(Car(plate="BE 1", doors=3))
        session.commit()
        car = session.exec(select(Car).where(Car.doors.is_not(None), Car.plate.contains("BE"))).one()
        vehicle: Vehicle = car
        assert (car.honk(), vehicle.plate) == ("beep", "BE 1")


def values() -> None:
    with opened(scalars.Base) as session:
        made = scalars.Scalar(
            text="x",
            whole=1,
            day=date(2025, 1, 1),
            aware=datetime.fromisoformat("2025-01-01T00:00:00Z"),
            naive=datetime.fromisoformat("2025-01-01T00:00:00"),
            clock=datetime.fromisoformat("2025-01-01T00:00:00").time(),
            colour=scalars.Colour.red,
            mapping={"a": 1},
        )
        session.add(made)
        session.commit()
        assert_type(made.id, UUID)
        assert_type(made.mapping, dict[str, Any])
        assert session.exec(select(scalars.Scalar).where(scalars.Scalar.size == scalars.Size.small)).one().size.is_small
        red = select(scalars.Scalar).where(scalars.Scalar.colour.in_([scalars.Colour.red]))
        assert session.exec(red).one().priority < scalars.Priority.high
        assert session.exec(select(scalars.Scalar).where(scalars.Scalar.mapping["a"].as_integer() == 1)).one() is made
        days = session.exec(select(scalars.Scalar.day)).all()
        assert_type(days, Sequence[date])


def one_to_one() -> None:
    with opened(accounts.Base) as session:
        made = accounts.Account(slug="jo", email="jo@example.org", hashed_password="x")
        made.profile = accounts.Profile(bio="Hello")
        session.add(made)
        session.commit()
        account = session.exec(select(accounts.Account).where(accounts.Account.class_ == "basic")).one()
        assert account.profile is not None and account.profile.account is account
        assert session.exec(select(accounts.Account).where(accounts.Account.email.ilike("%EXAMPLE%"))).one() is account
        assert session.exec(select(accounts.Account).where(accounts.Account.profile.has(bio="Hello"))).first()


def computed() -> None:
    with opened(products.Base) as session:
        product = products.Product(name="tea", stock=3, reviews=[products.Review(stars=5)])
        session.add(product)
        session.commit()
        assert_type(product.is_available, bool)
        assert_type(product.label, str)
        found = session.exec(select(products.Product).where(products.Product.is_available)).one()
        assert session.exec(select(products.Product.label)).one() == found.label == "TEA"
        assert session.exec(select(products.Product).order_by(products.Product.label.desc())).one() is product
        assert found.costs_less(Decimal(5)) and found.review_count == 1 and found.doubled == 6
        assert session.exec(select(products.Product).where(products.Product.review_count > 0)).one() is product


def behaving() -> None:
    with opened(behaviour.Base) as session:
        document = behaviour.Document.named("Title", body="first second\nthird")
        session.add(document)
        session.commit()
        assert_type(document.length, int)
        assert_type(document.part(0), str)
        assert_type(document.part(slice(2)), list[str])
        assert_type(document.words, list[str])
        assert document.shout == "TITLE" and str(document) == "Title"
        assert behaviour.Document.is_kind("note") and "note" in behaviour.Document.KINDS
        assert behaviour.first_line(document, limit=5) == "first"
        assert [each.rank for each in behaviour.titled(session, "Title")] == [0]
        number: behaviour.Number = behaviour.LIMIT + 0.5
        settings = behaviour.Settings(depth=1)
        ranked: behaviour.Ranked = document
        assert behaviour.Summary("x").length == 0 and behaviour.Paper(title="p").pages == []
        assert (number, settings.name, document.better_than(ranked), behaviour.Document.Status.open) == (
            20.5,
            "x",
            False,
            "open",
        )


def packages() -> None:
    with opened(library.Base) as session:
        author = Author(name="Le Guin")
        book = library.Book(title="The Dispossessed", author=author)
        session.add_all([author, book, library.Loan(reader="jo", book=book)])
        session.commit()
        deep = select(library.Author).options(selectinload(library.Author.books).selectinload(library.Book.loans))
        assert session.exec(deep).one().books[0].loans[0].reader == "jo"
        latest = author.latest()
        assert_type(latest, library.Book | None)
        assert book.genre is library.Genre.novel and book.created_at <= author.created_at.replace(year=9000)
        assert session.exec(select(library.Book).where(library.Book.created_at.is_not(None))).one() is book


def schemas_and_odd_names() -> None:
    office = offices.Office(city="Bern", desks=[offices.Desk(label="A")])
    assert str(select(offices.Office).join(offices.Office.desks)).count("furniture.desk") > 1
    assert office.desks[0].office is office
    odd = OddAny(kind=odd_type(list="x"), self="me", größe=3)
    assert (odd.kind.list, odd.self, odd.größe, odd.import_) == ("x", "me", 3, "x")
    meal = Meal(date=date(2025, 1, 1))
    assert_type(meal.date, date)
    assert_type(meal.guests, Guests)
    select(Meal).where(Meal.date.between(date(2025, 1, 1), date(2025, 2, 1)), Meal.guests > 1)
    select(odd_type).where(odd_type.list.contains("x"), odd_type.entries.any(OddAny.größe > 1))


USES = (many_to_many, by_a_plain_table, a_tree, composite_keys, inheritance, values, one_to_one, computed)
if __name__ == "__main__":
    for use in (*USES, behaving, packages, schemas_and_odd_names):
        use()
