-- Data shared by the nodes: the node numbers in ids, and the keys that seal cursors.

-- `held_until`: the clock time until which a number is held. `ids_until`: the largest time of its ids, which may be
-- ahead of the clock.
CREATE TABLE nodes (
    node       INTEGER NOT NULL PRIMARY KEY CHECK (node BETWEEN 0 AND 255),
    epoch      INTEGER NOT NULL,
    holder     TEXT NOT NULL,
    held       INTEGER NOT NULL CHECK (held IN (0, 1)),
    held_until INTEGER NOT NULL,
    ids_until  INTEGER NOT NULL
) STRICT;

-- Cursors never expire, so no key is ever removed.
CREATE TABLE cursor_keys (
    number     INTEGER NOT NULL PRIMARY KEY CHECK (number BETWEEN 0 AND 255),
    secret     BLOB NOT NULL CHECK (length(secret) = 16),
    created_at INTEGER NOT NULL
) STRICT;
