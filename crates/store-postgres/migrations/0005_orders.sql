-- Orders: durable jobs, committed together with the write that needs them. An order is in the bucket of its story.

-- Kind: 1 deliver, 2 purge. `ready_at`: the time at which the claim expires or a failed attempt is retried. Every claim
-- has a unique name: the process (`claimed_by`) and its number within the process (`claim`). `late`: the number of the
-- late story that this order delivers; 0 for the delivery of a new story.
--
-- Orders live for a moment, so the table has a high rate of dead rows. Autovacuum starts early, and an index of live
-- orders does not contain the dead ones.
CREATE TABLE orders (
    bucket     smallint NOT NULL,
    kind       smallint NOT NULL CHECK (kind IN (1, 2)),
    story      bigint NOT NULL,
    author     bigint NOT NULL,
    done_to    bigint NOT NULL DEFAULT 0,
    attempts   bigint NOT NULL DEFAULT 0,
    created_at bigint NOT NULL,
    claimed_by bigint NOT NULL DEFAULT 0,
    claim      bigint NOT NULL DEFAULT 0,
    ready_at   bigint NOT NULL,
    late       bigint NOT NULL DEFAULT 0,
    dead       boolean NOT NULL DEFAULT false,
    error      text NOT NULL DEFAULT '',
    PRIMARY KEY (story, kind, bucket)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
CREATE INDEX orders_ready ON orders (ready_at) WHERE NOT dead;
-- Dead orders do not hold the delivery watermark back, and the search for it does not scan them.
CREATE INDEX orders_live ON orders (kind, story) WHERE NOT dead;
CREATE INDEX orders_late ON orders (late) WHERE late > 0 AND NOT dead;
CREATE INDEX orders_dead ON orders (story, kind) WHERE dead;

-- Late stories: delivered below the delivery watermark, because they were made public later or their order was dead.
-- The newest few thousand are kept. Numbers have no gaps. They count all late stories of the site, so all rows are in
-- bucket 0.
CREATE TABLE late_stories (
    bucket     smallint NOT NULL DEFAULT 0 CHECK (bucket = 0),
    number     bigint NOT NULL,
    story      bigint NOT NULL,
    author     bigint NOT NULL,
    to_friends boolean NOT NULL,
    PRIMARY KEY (number, bucket)
);

-- The number of the newest late story, in one row. The transaction that takes a number locks the row until it commits,
-- so numbers are in the order of commits.
CREATE TABLE late_numbers (
    bucket smallint NOT NULL DEFAULT 0 CHECK (bucket = 0),
    newest bigint NOT NULL,
    PRIMARY KEY (bucket)
);
