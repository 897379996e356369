-- Work that a committed write has promised, and the numbers of the nodes that make ids.

-- Kind: 1 deliver, 2 purge. `ready_at`: when the claim runs out, or when a failed attempt is tried again.
CREATE TABLE orders (
    kind       INTEGER NOT NULL CHECK (kind IN (1, 2)),
    story      INTEGER NOT NULL REFERENCES stories (id),
    author     INTEGER NOT NULL REFERENCES people (id),
    done_to    INTEGER NOT NULL DEFAULT 0,
    attempts   INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    claimed_by INTEGER NOT NULL DEFAULT 0,
    ready_at   INTEGER NOT NULL,
    dead       INTEGER NOT NULL DEFAULT 0 CHECK (dead IN (0, 1)),
    error      TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (kind, story)
) STRICT, WITHOUT ROWID;
CREATE INDEX orders_ready ON orders (ready_at) WHERE dead = 0;
CREATE INDEX orders_dead ON orders (story, kind) WHERE dead = 1;

CREATE TABLE nodes (
    node      INTEGER NOT NULL PRIMARY KEY CHECK (node BETWEEN 0 AND 1023),
    epoch     INTEGER NOT NULL,
    holder    TEXT NOT NULL,
    held      INTEGER NOT NULL CHECK (held IN (0, 1)),
    ids_until INTEGER NOT NULL
) STRICT;
