-- Data shared by the nodes: the node numbers in ids, and the keys that seal cursors. Small tables, the same on every
-- server of a distributed database.

-- `held_until`: the clock time until which a number is held. `ids_until`: the largest time of its ids, which may be
-- ahead of the clock.
CREATE TABLE nodes (
    node       bigint NOT NULL PRIMARY KEY CHECK (node BETWEEN 0 AND 255),
    epoch      bigint NOT NULL,
    holder     text NOT NULL,
    held       boolean NOT NULL,
    held_until bigint NOT NULL,
    ids_until  bigint NOT NULL
);

-- One row for each region. A node that takes a number locks the row of its region first.
CREATE TABLE regions (
    region bigint NOT NULL PRIMARY KEY CHECK (region BETWEEN 0 AND 3)
);
INSERT INTO regions (region) VALUES (0), (1), (2), (3);

-- Cursors never expire, so no key is ever removed.
CREATE TABLE cursor_keys (
    number     bigint NOT NULL PRIMARY KEY CHECK (number BETWEEN 0 AND 255),
    secret     bytea NOT NULL CHECK (octet_length(secret) = 16),
    created_at bigint NOT NULL
);
