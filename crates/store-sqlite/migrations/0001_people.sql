-- People, their sessions, what finds them in a search, and figures about them.
--
-- Times are milliseconds since 1970, ids are 64-bit numbers that sort by time. Tables are STRICT, so that a wrong type
-- is an error and not a surprise.

CREATE TABLE totals (
    what  TEXT NOT NULL PRIMARY KEY,
    count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO totals (what, count) VALUES ('people', 0), ('stories', 0);

CREATE TABLE people (
    id            INTEGER NOT NULL PRIMARY KEY,
    handle        TEXT NOT NULL UNIQUE,
    skeleton      TEXT NOT NULL UNIQUE,
    display_name  TEXT NOT NULL,
    bio           TEXT NOT NULL DEFAULT '',
    language      TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    revision      INTEGER NOT NULL DEFAULT 1
) STRICT;

-- The limits stand here as constraints, and triggers keep the counts, so that they hold however rows come in.
CREATE TABLE person_counts (
    person    INTEGER NOT NULL PRIMARY KEY REFERENCES people (id),
    friends   INTEGER NOT NULL DEFAULT 0 CHECK (friends BETWEEN 0 AND 5000),
    follows   INTEGER NOT NULL DEFAULT 0 CHECK (follows BETWEEN 0 AND 5000),
    followers INTEGER NOT NULL DEFAULT 0 CHECK (followers >= 0),
    stories   INTEGER NOT NULL DEFAULT 0 CHECK (stories >= 0),
    large     INTEGER NOT NULL DEFAULT 0 CHECK (large IN (0, 1))
) STRICT;

CREATE TRIGGER people_are_counted AFTER INSERT ON people BEGIN
    INSERT INTO person_counts (person) VALUES (NEW.id);
    UPDATE totals SET count = count + 1 WHERE what = 'people';
END;

-- How far a person has read: apart from the profile, since it changes all the time.
CREATE TABLE read_marks (
    person       INTEGER NOT NULL PRIMARY KEY REFERENCES people (id),
    story        INTEGER NOT NULL DEFAULT 0,
    notification INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE search_terms (
    term   TEXT NOT NULL,
    person INTEGER NOT NULL REFERENCES people (id),
    PRIMARY KEY (term, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX search_terms_of ON search_terms (person);

CREATE TABLE sessions (
    id         INTEGER NOT NULL PRIMARY KEY,
    token      BLOB NOT NULL UNIQUE CHECK (length(token) = 32),
    person     INTEGER NOT NULL REFERENCES people (id),
    created_at INTEGER NOT NULL,
    used_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    client     TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_of ON sessions (person, used_at);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX sessions_by_use ON sessions (used_at);
