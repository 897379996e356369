-- People with their sessions, devices, search terms and counts.
--
-- Times are milliseconds since 1970. Ids are 64-bit numbers that sort by time. The lowest 8 bits of an id are the bucket
-- of its owner. The column `bucket` has a number that stands for the bucket: its hash lies in the 256th of all hashes
-- that belongs to the bucket. The same schema runs on one server and, distributed by `bucket`, on many:
--
-- - `bucket` is in every key, last: an id contains its bucket, so the other columns find the row.
-- - Rows of one owner are in one bucket. What is asked from both sides is stored on both.
-- - What is found by another unique key has its own table, distributed by that key (handles, skeletons, sessions).
-- - There are no foreign keys across owners, no triggers, no partitions and no generated columns.

-- The time in an id defines the order and may be ahead of the clock. Clients display `created_at`.
CREATE TABLE people (
    bucket        smallint NOT NULL,
    id            bigint NOT NULL,
    handle        text NOT NULL,
    skeleton      text NOT NULL,
    display_name  text NOT NULL,
    bio           text NOT NULL DEFAULT '',
    language      text NOT NULL,
    password_hash text NOT NULL,
    revision      bigint NOT NULL DEFAULT 1,
    created_at    bigint NOT NULL,
    PRIMARY KEY (id, bucket)
);

-- Handles and the forms that look-alike handles share. The keys keep them unique, also for concurrent sign-ups.
CREATE TABLE handles (
    handle text NOT NULL PRIMARY KEY,
    person bigint NOT NULL
);
CREATE TABLE skeletons (
    skeleton text NOT NULL PRIMARY KEY,
    person   bigint NOT NULL
);

-- Counts of rows, changed in the same transaction as the rows. Each person has one row, so a post updates one row. The
-- limits are constraints of this table, so they apply to every statement that counts. Changes of relations between two
-- people lock the rows of both, in ascending order of their ids.
--
-- Deleted stories and comments do not count. Public stories are also counted separately, because strangers see only
-- their number.
CREATE TABLE person_counts (
    bucket         smallint NOT NULL,
    person         bigint NOT NULL,
    friends        integer NOT NULL DEFAULT 0 CHECK (friends BETWEEN 0 AND 5000),
    follows        integer NOT NULL DEFAULT 0 CHECK (follows BETWEEN 0 AND 5000),
    followers      bigint NOT NULL DEFAULT 0 CHECK (followers >= 0),
    stories        bigint NOT NULL DEFAULT 0 CHECK (stories >= 0),
    public_stories bigint NOT NULL DEFAULT 0 CHECK (public_stories >= 0),
    comments       bigint NOT NULL DEFAULT 0 CHECK (comments >= 0),
    text_bytes     bigint NOT NULL DEFAULT 0 CHECK (text_bytes >= 0),
    large          boolean NOT NULL DEFAULT false,
    PRIMARY KEY (person, bucket)
) WITH (fillfactor = 70);

-- Notifications of mentions that a person sent to people without a connection, on one day (days since 1970, UTC).
CREATE TABLE stranger_mentions (
    bucket   smallint NOT NULL,
    person   bigint NOT NULL,
    day      bigint NOT NULL,
    mentions bigint NOT NULL,
    PRIMARY KEY (person, bucket)
);

-- The read position of a person. It is separate from the profile because it changes often.
CREATE TABLE read_marks (
    bucket       smallint NOT NULL,
    person       bigint NOT NULL,
    story        bigint NOT NULL DEFAULT 0,
    notification bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (person, bucket)
) WITH (fillfactor = 70);

-- Terms are compared by their bytes, as SQLite does, whatever the collation of the database.
CREATE TABLE search_terms (
    bucket smallint NOT NULL,
    term   text COLLATE "C" NOT NULL,
    person bigint NOT NULL,
    PRIMARY KEY (term, person, bucket)
);
CREATE INDEX search_terms_of ON search_terms (person);

-- Sessions by the SHA-256 of their token: every request looks one up. Their person's list is in `person_sessions`.
CREATE TABLE sessions (
    token      bytea NOT NULL PRIMARY KEY CHECK (octet_length(token) = 32),
    id         bigint NOT NULL,
    person     bigint NOT NULL,
    created_at bigint NOT NULL,
    used_at    bigint NOT NULL,
    expires_at bigint NOT NULL,
    client     text NOT NULL
);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX sessions_by_use ON sessions (used_at);

CREATE TABLE person_sessions (
    bucket smallint NOT NULL,
    person bigint NOT NULL,
    id     bigint NOT NULL,
    token  bytea NOT NULL,
    PRIMARY KEY (person, id, bucket)
);
-- New ids continue above the largest id of any kind. For the other kinds, the primary keys find it.
CREATE INDEX person_sessions_by_id ON person_sessions (id);

-- Devices that logged in to an account before, by the SHA-256 of their token. Each has its own log-in budget, which
-- password guesses from other devices do not use up.
CREATE TABLE devices (
    bucket  smallint NOT NULL,
    person  bigint NOT NULL,
    device  bytea NOT NULL CHECK (octet_length(device) = 32),
    used_at bigint NOT NULL,
    PRIMARY KEY (person, device, bucket)
);
CREATE INDEX devices_by_use ON devices (person, used_at);

-- The owner determines the bucket. Without this, the planner expects a 256th of the rows, and sorts long lists.
CREATE STATISTICS search_terms_bucket (dependencies) ON person, bucket FROM search_terms;
CREATE STATISTICS person_sessions_bucket (dependencies) ON person, bucket FROM person_sessions;
CREATE STATISTICS devices_bucket (dependencies) ON person, bucket FROM devices;
