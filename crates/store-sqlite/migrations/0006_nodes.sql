-- What the nodes share: the numbers under which they make ids, and the keys that seal cursors.

-- `held_until`: until when a number is held, by the clock. `ids_until`: until when its ids may be, by their own time,
-- which may be ahead.
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
