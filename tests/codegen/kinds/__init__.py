"""Models of every kind, for the tests of all that is generated from models.

Import them as `codegen.kinds.<module>` (`tests` is on the path; this works from every folder of tests). Every module
has a `Base` with a registry and a MetaData of its own, so that several can be imported in one process:
`heroes.Base.metadata`. Class names are unique over all modules. Everything runs on SQLite, but `offices`.

    heroes      many-to-many by a link model; the HeroBase pattern (HeroBase -> Hero, HeroCreate, HeroPublic); a base's
                validators; an optional relation
    articles    many-to-many by a plain Table; association_proxy
    tree        a relation to itself: parent and children
    orders      composite primary keys, composite foreign keys, a link with columns of its own in its key
    animals     joined-table inheritance
    vehicles    single-table inheritance
    offices     tables in several schemas (does not run on SQLite)
    scalars     a column of each type: enums, JSON, UUID, Decimal, aware and naive times, bytes, ...; no relationship
    accounts    one-to-one; secrets; columns whose database name differs; Annotated; factories; column keywords
    products    hybrid properties, column_property, a computed column, database defaults
    behaviour   methods, properties, overloads, helper functions, constants, type aliases, __all__
    library     a package: models split over files, with circular relationships under TYPE_CHECKING
    odd         names that get in the way: builtins, keywords, unicode
"""
