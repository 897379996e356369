-- People with their sessions, devices, search terms and counts.
--
-- Times are milliseconds since 1970. Ids are 64-bit numbers that sort by time. Tables are STRICT, so that a value of a
-- wrong type is an error.

-- The time in an id defines the order and may be ahead of the clock. Clients display `created_at`.
CREATE TABLE people (
    id            INTEGER NOT NULL PRIMARY KEY,
    handle        TEXT NOT NULL UNIQUE,
    skeleton      TEXT NOT NULL UNIQUE,
    display_name  TEXT NOT NULL,
    bio           TEXT NOT NULL DEFAULT '',
    language      TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    revision      INTEGER NOT NULL DEFAULT 1,
    created_at    INTEGER NOT NULL
) STRICT;

-- Counts of rows, changed in the same transaction as the rows. Each person has one row, so a post updates one row. The
-- limits are constraints of this table, so they apply to every statement that counts.
--
-- Deleted stories and comments do not count. Public stories are also counted separately, because strangers see only
-- their number.
CREATE TABLE person_counts (
    person         INTEGER NOT NULL PRIMARY KEY REFERENCES people (id),
    friends        INTEGER NOT NULL DEFAULT 0 CHECK (friends BETWEEN 0 AND 5000),
    follows        INTEGER NOT NULL DEFAULT 0 CHECK (follows BETWEEN 0 AND 5000),
    followers      INTEGER NOT NULL DEFAULT 0 CHECK (followers >= 0),
    stories        INTEGER NOT NULL DEFAULT 0 CHECK (stories >= 0),
    public_stories INTEGER NOT NULL DEFAULT 0 CHECK (public_stories >= 0),
    comments       INTEGER NOT NULL DEFAULT 0 CHECK (comments >= 0),
    text_bytes     INTEGER NOT NULL DEFAULT 0 CHECK (text_bytes >= 0),
    large          INTEGER NOT NULL DEFAULT 0 CHECK (large IN (0, 1))
) STRICT;

-- Notifications of mentions that a person sent to people without a connection, on one day (days since 1970, UTC).
CREATE TABLE stranger_mentions (
    person   INTEGER NOT NULL PRIMARY KEY REFERENCES people (id),
    day      INTEGER NOT NULL,
    mentions INTEGER NOT NULL
) STRICT;

-- The read position of a person. It is separate from the profile because it changes often.
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

-- Devices that logged in to an account before, by the SHA-256 of their token. Each has its own log-in budget, which
-- password guesses from other devices do not use up.
CREATE TABLE devices (
    person  INTEGER NOT NULL REFERENCES people (id),
    device  BLOB NOT NULL CHECK (length(device) = 32),
    used_at INTEGER NOT NULL,
    PRIMARY KEY (person, device)
) STRICT, WITHOUT ROWID;
CREATE INDEX devices_by_use ON devices (person, used_at);
