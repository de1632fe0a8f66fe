"""Databases that people have, written after real ones: what `dbtool pull` must be able to say."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    "sqlite": {
        "pk": "INTEGER PRIMARY KEY",
        "moment": "DATETIME",
        "now": "DEFAULT CURRENT_TIMESTAMP",
        "truth": "BOOLEAN",
        "json": "JSON",
        "blob": "BLOB",
        "money": "NUMERIC(10, 2)",
    },
    "postgres": {
        "pk": "SERIAL PRIMARY KEY",
        "moment": "TIMESTAMP WITH TIME ZONE",
        "now": "DEFAULT now()",
        "truth": "BOOLEAN",
        "json": "JSONB",
        "blob": "BYTEA",
        "money": "NUMERIC(10, 2)",
    },
    "mysql": {
        "pk": "INTEGER AUTO_INCREMENT PRIMARY KEY",
        "moment": "DATETIME",
        "now": "DEFAULT CURRENT_TIMESTAMP",
        "truth": "BOOLEAN",
        "json": "JSON",
        "blob": "BLOB",
        "money": "DECIMAL(10, 2)",
    },
}

MEDIA_STORE = """
CREATE TABLE "Artist" ("ArtistId" INTEGER NOT NULL, "Name" VARCHAR(120),
  CONSTRAINT "PK_Artist" PRIMARY KEY ("ArtistId"));
CREATE TABLE "Album" ("AlbumId" INTEGER NOT NULL, "Title" VARCHAR(160) NOT NULL, "ArtistId" INTEGER NOT NULL,
  CONSTRAINT "PK_Album" PRIMARY KEY ("AlbumId"),
  CONSTRAINT "FK_AlbumArtistId" FOREIGN KEY ("ArtistId") REFERENCES "Artist" ("ArtistId") ON DELETE NO ACTION);
CREATE INDEX "IFK_AlbumArtistId" ON "Album" ("ArtistId");
CREATE TABLE "Employee" ("EmployeeId" INTEGER NOT NULL, "LastName" VARCHAR(20) NOT NULL, "ReportsTo" INTEGER,
  "BirthDate" {moment}, CONSTRAINT "PK_Employee" PRIMARY KEY ("EmployeeId"),
  CONSTRAINT "FK_EmployeeReportsTo" FOREIGN KEY ("ReportsTo") REFERENCES "Employee" ("EmployeeId"));
CREATE TABLE "Customer" ("CustomerId" INTEGER NOT NULL, "Email" VARCHAR(60) NOT NULL, "SupportRepId" INTEGER,
  CONSTRAINT "PK_Customer" PRIMARY KEY ("CustomerId"),
  CONSTRAINT "FK_CustomerSupportRepId" FOREIGN KEY ("SupportRepId") REFERENCES "Employee" ("EmployeeId"));
CREATE TABLE "Track" ("TrackId" INTEGER NOT NULL, "Name" VARCHAR(200) NOT NULL, "AlbumId" INTEGER,
  "Composer" VARCHAR(220), "Milliseconds" INTEGER NOT NULL, "Bytes" INTEGER, "UnitPrice" {money} NOT NULL,
  CONSTRAINT "PK_Track" PRIMARY KEY ("TrackId"),
  CONSTRAINT "FK_TrackAlbumId" FOREIGN KEY ("AlbumId") REFERENCES "Album" ("AlbumId"));
CREATE TABLE "Playlist" ("PlaylistId" INTEGER NOT NULL, "Name" VARCHAR(120),
  CONSTRAINT "PK_Playlist" PRIMARY KEY ("PlaylistId"));
CREATE TABLE "PlaylistTrack" ("PlaylistId" INTEGER NOT NULL, "TrackId" INTEGER NOT NULL,
  CONSTRAINT "PK_PlaylistTrack" PRIMARY KEY ("PlaylistId", "TrackId"),
  CONSTRAINT "FK_PlaylistTrackPlaylistId" FOREIGN KEY ("PlaylistId") REFERENCES "Playlist" ("PlaylistId"),
  CONSTRAINT "FK_PlaylistTrackTrackId" FOREIGN KEY ("TrackId") REFERENCES "Track" ("TrackId"));
"""

SHOP = """
CREATE TABLE customers (id {pk}, email VARCHAR(254) NOT NULL UNIQUE, name VARCHAR(100) NOT NULL,
  vip {truth} NOT NULL DEFAULT {false}, notes TEXT, preferences {json}, created_at {moment} NOT NULL {now});
CREATE TABLE addresses (id {pk}, customer_id INTEGER NOT NULL, city VARCHAR(80) NOT NULL,
  FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE);
CREATE INDEX ix_addresses_customer_id ON addresses (customer_id);
CREATE TABLE products (id {pk}, sku VARCHAR(40) NOT NULL, title VARCHAR(200) NOT NULL, price {money} NOT NULL,
  weight DOUBLE PRECISION, stock INTEGER NOT NULL DEFAULT 0, kind VARCHAR(10) NOT NULL DEFAULT 'simple', photo {blob},
  CONSTRAINT uq_products_sku UNIQUE (sku), CONSTRAINT price_is_not_negative CHECK (price >= 0),
  CONSTRAINT known_kind CHECK (kind IN ('simple', 'bundle')));
CREATE INDEX ix_products_title ON products (title);
CREATE TABLE orders (id {pk}, customer_id INTEGER NOT NULL, billing_address_id INTEGER, shipping_address_id INTEGER,
  placed_at {moment} NOT NULL {now}, total {money} NOT NULL DEFAULT 0.00,
  FOREIGN KEY (customer_id) REFERENCES customers (id),
  FOREIGN KEY (billing_address_id) REFERENCES addresses (id) ON DELETE SET NULL,
  FOREIGN KEY (shipping_address_id) REFERENCES addresses (id) ON DELETE SET NULL);
CREATE TABLE order_lines (order_id INTEGER NOT NULL, line_no INTEGER NOT NULL, product_id INTEGER NOT NULL,
  quantity SMALLINT NOT NULL, PRIMARY KEY (order_id, line_no),
  FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE,
  FOREIGN KEY (product_id) REFERENCES products (id) ON DELETE RESTRICT, CHECK (quantity > 0));
CREATE TABLE tags (id {pk}, name VARCHAR(30) NOT NULL UNIQUE);
CREATE TABLE product_tags (product_id INTEGER NOT NULL, tag_id INTEGER NOT NULL, PRIMARY KEY (product_id, tag_id),
  FOREIGN KEY (product_id) REFERENCES products (id) ON DELETE CASCADE,
  FOREIGN KEY (tag_id) REFERENCES tags (id) ON DELETE CASCADE);
CREATE TABLE profiles (customer_id INTEGER NOT NULL PRIMARY KEY, bio TEXT,
  FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE);
CREATE VIEW big_orders AS SELECT id, total FROM orders WHERE total > 1000;
"""

FILM_RENTAL = """
CREATE TABLE language (language_id {pk}, name CHAR(20) NOT NULL);
CREATE TABLE film (film_id {pk}, title VARCHAR(128) NOT NULL, description TEXT, release_year SMALLINT,
  language_id INTEGER NOT NULL, original_language_id INTEGER, rental_rate {rate} NOT NULL DEFAULT 4.99, {rating},
  last_update {moment} NOT NULL {now},
  FOREIGN KEY (language_id) REFERENCES language (language_id) ON UPDATE CASCADE ON DELETE RESTRICT,
  FOREIGN KEY (original_language_id) REFERENCES language (language_id) ON UPDATE CASCADE ON DELETE RESTRICT);
CREATE INDEX idx_title ON film (title);
CREATE TABLE actor (actor_id {pk}, first_name VARCHAR(45) NOT NULL, last_name VARCHAR(45) NOT NULL);
CREATE INDEX idx_actor_name ON actor (last_name, first_name);
CREATE TABLE film_actor (actor_id INTEGER NOT NULL, film_id INTEGER NOT NULL, last_update {moment} NOT NULL {now},
  PRIMARY KEY (actor_id, film_id), FOREIGN KEY (actor_id) REFERENCES actor (actor_id),
  FOREIGN KEY (film_id) REFERENCES film (film_id));
CREATE TABLE store (store_id {pk}, manager_staff_id INTEGER);
CREATE TABLE staff (staff_id {pk}, store_id INTEGER NOT NULL, username VARCHAR(16) NOT NULL,
  active {truth} NOT NULL DEFAULT {true}, FOREIGN KEY (store_id) REFERENCES store (store_id));
CREATE TABLE rental (rental_id {pk}, film_id INTEGER NOT NULL, rented DATE NOT NULL, returned DATE, at TIME,
  CONSTRAINT uq_rental UNIQUE (film_id, rented), FOREIGN KEY (film_id) REFERENCES film (film_id),
  CONSTRAINT back_after CHECK (returned IS NULL OR returned >= rented));
"""

PERSONNEL = """
CREATE TABLE regions (region_code CHAR(2) NOT NULL PRIMARY KEY, name VARCHAR(25) NOT NULL);
CREATE TABLE offices (region_code CHAR(2) NOT NULL, office_no INTEGER NOT NULL, city VARCHAR(50) NOT NULL,
  PRIMARY KEY (region_code, office_no), FOREIGN KEY (region_code) REFERENCES regions (region_code));
CREATE TABLE employees (employee_no BIGINT NOT NULL PRIMARY KEY, region_code CHAR(2) NOT NULL,
  office_no INTEGER NOT NULL, manager_no BIGINT, hired DATE NOT NULL, salary {money},
  CONSTRAINT fk_office FOREIGN KEY (region_code, office_no) REFERENCES offices (region_code, office_no)
    ON UPDATE CASCADE,
  CONSTRAINT fk_manager FOREIGN KEY (manager_no) REFERENCES employees (employee_no) ON DELETE SET NULL);
CREATE TABLE projects (region_code CHAR(2) NOT NULL, project_no INTEGER NOT NULL, title VARCHAR(80) NOT NULL,
  PRIMARY KEY (region_code, project_no), FOREIGN KEY (region_code) REFERENCES regions (region_code));
CREATE TABLE assignments (region_code CHAR(2) NOT NULL, office_no INTEGER NOT NULL, project_no INTEGER NOT NULL,
  since DATE NOT NULL, PRIMARY KEY (region_code, office_no, project_no),
  FOREIGN KEY (region_code, office_no) REFERENCES offices (region_code, office_no),
  FOREIGN KEY (region_code, project_no) REFERENCES projects (region_code, project_no));
CREATE TABLE job_history (employee_no BIGINT NOT NULL, started DATE NOT NULL, ended DATE, title VARCHAR(40) NOT NULL,
  PRIMARY KEY (employee_no, started), FOREIGN KEY (employee_no) REFERENCES employees (employee_no) ON DELETE CASCADE);
"""

CONTENT = """
CREATE TABLE page (id {pk}, parent_id INTEGER, slug VARCHAR(100) NOT NULL, title VARCHAR(200) NOT NULL, body TEXT,
  position INTEGER NOT NULL DEFAULT 0, published {truth} NOT NULL DEFAULT {false},
  CONSTRAINT fk_page_parent_id_page FOREIGN KEY (parent_id) REFERENCES page (id) ON DELETE CASCADE,
  CONSTRAINT uq_page_parent_id_slug UNIQUE (parent_id, slug));
CREATE INDEX ix_page_parent_id ON page (parent_id);
CREATE TABLE author (id {pk}, handle VARCHAR(30) NOT NULL, latest_revision_id INTEGER,
  CONSTRAINT uq_author_handle UNIQUE (handle));
CREATE TABLE revision (id {pk}, page_id INTEGER NOT NULL, author_id INTEGER NOT NULL, text TEXT NOT NULL, date DATE,
  CONSTRAINT fk_revision_page_id_page FOREIGN KEY (page_id) REFERENCES page (id) ON DELETE CASCADE,
  CONSTRAINT fk_revision_author_id_author FOREIGN KEY (author_id) REFERENCES author (id));
CREATE TABLE page_link (source_id INTEGER NOT NULL, target_id INTEGER NOT NULL, PRIMARY KEY (source_id, target_id),
  CONSTRAINT fk_page_link_source_id_page FOREIGN KEY (source_id) REFERENCES page (id) ON DELETE CASCADE,
  CONSTRAINT fk_page_link_target_id_page FOREIGN KEY (target_id) REFERENCES page (id) ON DELETE CASCADE);
CREATE TABLE comment (id {pk}, revision_id INTEGER NOT NULL, reply_to INTEGER, text VARCHAR(1000) NOT NULL,
  CONSTRAINT fk_comment_revision_id_revision FOREIGN KEY (revision_id) REFERENCES revision (id) ON DELETE CASCADE,
  CONSTRAINT fk_comment_reply_to_comment FOREIGN KEY (reply_to) REFERENCES comment (id));
"""

UNNAMED = """
CREATE TABLE thing (a INTEGER, b VARCHAR(10), UNIQUE (a, b), UNIQUE (b), CHECK (a > 0), CHECK (b <> 'x'));
CREATE TABLE part (id {pk}, a INTEGER CHECK (a > 1), b VARCHAR(10) UNIQUE, c INTEGER UNIQUE);
CREATE TABLE piece (part_id INTEGER, other_id INTEGER, size INTEGER DEFAULT -1, word VARCHAR(9) DEFAULT 'it''s',
  PRIMARY KEY (part_id, other_id), FOREIGN KEY (part_id) REFERENCES part (id),
  FOREIGN KEY (other_id) REFERENCES part (id) ON DELETE CASCADE);
CREATE TABLE log (at {moment} {now}, line TEXT);
"""

HOSTILE = """
CREATE TABLE "class" (id {pk}, "def" INTEGER, "2nd name" VARCHAR(10), "model_config" INTEGER, "bytes" {blob},
  "metadata" VARCHAR(20), "schema" VARCHAR(5), "_private" INTEGER, "date" DATE, "a date" DATE, "größe" INTEGER,
  "text" TEXT, "Field" INTEGER, "copy" INTEGER, "json" {json}, "with-dash" INTEGER NOT NULL DEFAULT 3);
CREATE TABLE "order" (id {pk}, "class_id" INTEGER, "select" VARCHAR(3), FOREIGN KEY (class_id) REFERENCES "class" (id));
CREATE TABLE "index" (id {pk}, "order" INTEGER REFERENCES "order" (id), "int" INTEGER, "str" VARCHAR(5));
CREATE TABLE "field" (id {pk}, "relationship" INTEGER, "percent%s" INTEGER, "colon:x" VARCHAR(10) DEFAULT 'a:b');
CREATE TABLE "two words" (id {pk}, "100%" INTEGER);
CREATE TABLE "3d" (id {pk}, "index_id" INTEGER, FOREIGN KEY (index_id) REFERENCES "index" (id));
CREATE INDEX "ix odd" ON "class" ("2nd name");
"""

ODD: Mapping[str, str] = {
    "sqlite": """
CREATE TABLE account (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT COLLATE NOCASE NOT NULL, balance NUMERIC(12, 4),
  twice INTEGER GENERATED ALWAYS AS (id * 2) STORED, ref NVARCHAR(40), kind CHAR(1) DEFAULT 'a');
CREATE INDEX ix_low ON account (lower(name) DESC) WHERE balance > 0;
CREATE UNIQUE INDEX uq_ref ON account (ref, kind DESC);
CREATE TABLE plain (code CHAR(3) NOT NULL PRIMARY KEY, words TEXT) WITHOUT ROWID;
CREATE TABLE tight (id INTEGER PRIMARY KEY, word TEXT NOT NULL) STRICT;
CREATE TABLE entry (id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES account ON DELETE CASCADE
  ON UPDATE SET NULL, code CHAR(3) REFERENCES plain (code) ON DELETE SET NULL);
CREATE VIEW rich AS SELECT name FROM account WHERE balance > 100;
CREATE TRIGGER loud AFTER INSERT ON account BEGIN UPDATE account SET kind = 'b' WHERE id = new.id; END;
""",
    "postgres": """
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE order_status AS ENUM ('new', 'in progress', 'done');
CREATE DOMAIN positive AS INTEGER CHECK (VALUE > 0);
CREATE TABLE person (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name TEXT NOT NULL COLLATE "C", mood mood
  NOT NULL DEFAULT 'ok', status order_status DEFAULT 'in progress', tags TEXT[] NOT NULL DEFAULT '{{}}',
  points INTEGER[], code UUID NOT NULL DEFAULT gen_random_uuid(), data JSONB NOT NULL DEFAULT '{{}}', plain JSON,
  host INET, spent INTERVAL, size REAL, amount NUMERIC, full_name TEXT GENERATED ALWAYS AS (name || '!') STORED,
  words TSVECTOR, during TSTZRANGE, no SERIAL, birth TIMESTAMP, naive TIME, precise TIMESTAMP(3) WITH TIME ZONE,
  counted INTEGER GENERATED BY DEFAULT AS IDENTITY (START WITH 100 INCREMENT BY 5), letter CHAR(1), bits BIT(3));
COMMENT ON TABLE person IS 'Somebody "known" to us';
COMMENT ON COLUMN person.mood IS 'How they feel';
CREATE INDEX ix_words ON person USING gin (words);
CREATE INDEX ix_low ON person (lower(name) DESC NULLS LAST, mood) INCLUDE (code) WHERE size > 1;
CREATE UNIQUE INDEX uq_code ON person (code) WITH (fillfactor = 70);
CREATE INDEX ix_ops ON person (name text_pattern_ops);
CREATE TABLE pet (id SMALLSERIAL PRIMARY KEY, owner_id BIGINT REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED,
  born DATE DEFAULT CURRENT_DATE, CONSTRAINT one_birth UNIQUE NULLS NOT DISTINCT (owner_id, born));
CREATE TABLE event (id BIGSERIAL, at DATE NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE event_2025 PARTITION OF event FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE VIEW happy AS SELECT name FROM person WHERE mood = 'happy';
CREATE MATERIALIZED VIEW moods AS SELECT mood, count(*) AS n FROM person GROUP BY mood;
CREATE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT n * 2';
""",
    "mysql": """
CREATE TABLE person (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(50) COLLATE utf8mb4_bin NOT NULL,
  mood ENUM('sad', 'ok', 'very happy') NOT NULL DEFAULT 'ok', size ENUM('s', 'm') , flags SET('a', 'b'),
  small TINYINT, tiny TINYINT UNSIGNED NOT NULL DEFAULT 3, medium MEDIUMINT, body LONGTEXT, short TINYTEXT,
  at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, precise DATETIME(6), year YEAR,
  ratio FLOAT, fine DOUBLE, amount DECIMAL(20, 6) UNSIGNED, code UUID, bits BIT(8), raw BINARY(16), big LONGBLOB,
  twice INTEGER GENERATED ALWAYS AS (small * 2) STORED, doc JSON, CHECK (small > 0)) COMMENT 'Somebody known to us';
CREATE INDEX ix_name ON person (name(10));
CREATE INDEX ix_down ON person (small DESC);
CREATE FULLTEXT INDEX ix_full ON person (body);
CREATE TABLE pet (id INTEGER AUTO_INCREMENT PRIMARY KEY, owner_id BIGINT UNSIGNED NOT NULL COMMENT 'Whose it is',
  other_id BIGINT UNSIGNED, CONSTRAINT fk_owner FOREIGN KEY (owner_id) REFERENCES person (id) ON DELETE CASCADE,
  FOREIGN KEY (other_id) REFERENCES person (id)) ENGINE=InnoDB;
CREATE TABLE loose (a INTEGER, b INTEGER) ENGINE=MyISAM DEFAULT CHARSET=latin1;
CREATE VIEW happy AS SELECT name FROM person WHERE mood = 'ok';
CREATE TRIGGER loud BEFORE INSERT ON pet FOR EACH ROW SET NEW.other_id = NULL;
""",
}

EXISTING: Mapping[str, str | Mapping[str, str]] = {
    "media-store": MEDIA_STORE,
    "shop": SHOP,
    "film-rental": FILM_RENTAL,
    "personnel": PERSONNEL,
    "content": CONTENT,
    "unnamed": UNNAMED,
    "hostile": HOSTILE,
    "odd": ODD,
}

_MORE: Mapping[str, Mapping[str, str]] = {
    "sqlite": {"false": "0", "true": "1", "rating": "rating VARCHAR(5) DEFAULT 'G'"},
    "postgres": {"false": "false", "true": "true", "rating": "rating rating DEFAULT 'G'"},
    "mysql": {"false": "0", "true": "1", "rating": "rating ENUM('G', 'PG', 'PG13') DEFAULT 'G'"},
}


def statements(name: str, kind: str) -> list[str]:
    """Return what makes one of them on a kind of database."""
    found = EXISTING[name]
    text = found if isinstance(found, str) else found[kind]
    rate = "DECIMAL(4, 2)" if kind == "mysql" else "NUMERIC(4, 2)"
    text = text.format(**WORDS[kind], **_MORE[kind], rate=rate)
    if kind == "mysql":
        text = text.replace('"', "`")
    parts = [part.strip() for part in text.replace("; END;", "\0 END;").split(";\n")]
    made = [part.replace("\0 END", "; END").removesuffix(";") for part in parts if part]
    return (
        ["CREATE TYPE rating AS ENUM ('G', 'PG', 'PG13')", *made]
        if (name, kind) == ("film-rental", "postgres")
        else made
    )
