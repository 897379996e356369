-- Orders: durable jobs, committed together with the write that needs them.

-- Kind: 1 deliver, 2 purge. `ready_at`: the time at which the claim expires or a failed attempt is retried. Every claim
-- has a unique name: the process (`claimed_by`) and its number within the process (`claim`). `late`: the number of the
-- late story that this order delivers; 0 for the delivery of a new story.
CREATE TABLE orders (
    kind       INTEGER NOT NULL CHECK (kind IN (1, 2)),
    story      INTEGER NOT NULL REFERENCES stories (id),
    author     INTEGER NOT NULL REFERENCES people (id),
    done_to    INTEGER NOT NULL DEFAULT 0,
    attempts   INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    claimed_by INTEGER NOT NULL DEFAULT 0,
    claim      INTEGER NOT NULL DEFAULT 0,
    ready_at   INTEGER NOT NULL,
    late       INTEGER NOT NULL DEFAULT 0,
    dead       INTEGER NOT NULL DEFAULT 0 CHECK (dead IN (0, 1)),
    error      TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (kind, story)
) STRICT, WITHOUT ROWID;
CREATE INDEX orders_ready ON orders (ready_at) WHERE dead = 0;
-- Dead orders do not hold the delivery watermark back, and the search for it does not scan them.
CREATE INDEX orders_live ON orders (kind, story) WHERE dead = 0;
CREATE INDEX orders_late ON orders (late) WHERE late > 0 AND dead = 0;
CREATE INDEX orders_dead ON orders (story, kind) WHERE dead = 1;

-- Late stories: delivered below the delivery watermark, because they were made public later or their order was dead.
-- The newest few thousand are kept. Numbers have no gaps.
CREATE TABLE late_stories (
    number     INTEGER NOT NULL PRIMARY KEY,
    story      INTEGER NOT NULL REFERENCES stories (id),
    author     INTEGER NOT NULL REFERENCES people (id),
    to_friends INTEGER NOT NULL CHECK (to_friends IN (0, 1))
) STRICT;
