"""Statements on models of other kinds that every type checker refuses beside their stubs; never run."""

from decimal import Decimal

from kinds import accounts, animals, behaviour, heroes, library, orders, products, scalars, tree
from sqlalchemy.orm import selectinload
from sqlmodel import select


def refused(product: products.Product, leaf: tree.Category, cat: animals.Cat, hero: heroes.Hero) -> None:
    select(heroes.Hero).where(heroes.Hero.mission.any())  # wrong: mission
    heroes.Hero(name="x")  # wrong: secret_name
    heroes.HeroCreate(name="x")  # wrong: secret_name
    heroes.HeroPublic(name="x", secret_name="y")  # wrong: id
    hero.team.name.upper()  # wrong: name
    hero.age = "old"  # wrong
    select(tree.Category).join(tree.Category.parents)  # wrong: parents
    leaf.parent.name.upper()  # wrong: name
    orders.Purchase(number=1, customer="x")  # wrong: shop
    orders.PurchaseLine(position=1, item="x", price="free")  # wrong
    animals.Cat(lives=3)  # wrong: name
    animals.Animal(name="x", shelter_id=1, lives=3)  # wrong: lives
    cat.meow()  # wrong: meow
    scalars.Scalar(text="x")  # wrong
    products.Product(name="x", doubled=2)  # wrong: doubled
    product.is_available.real.bits()  # wrong: bits
    product.costs_less("cheap")  # wrong
    product.price = 5.5  # wrong
    label: int = product.label  # wrong
    accounts.Account(slug="x", email="x", hashed_password="x", profile=accounts.Account)  # wrong
    select(accounts.Account).where(accounts.Account.e_mail == "x")  # wrong: e_mail
    behaviour.Document.named(5)  # wrong
    behaviour.first_line("text")  # wrong
    behaviour.Settings(deep=1)  # wrong: deep
    behaviour.Summary(length=3)  # wrong: title
    select(library.Author).options(selectinload(library.Author.book))  # wrong: book
    library.Book(title="x", author="Le Guin")  # wrong
    library.Book(title="x", genre="novel", price=Decimal(1))  # wrong: price
    print(label)
