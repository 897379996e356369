-- Uploads that arrive in several requests, in the bucket of their owner. Their parts are files in the folder of the medium
-- that an upload becomes.

-- `parts`: the names of these files in their order, separated by spaces; empty again when the upload is complete. `received`:
-- their bytes; the upload is complete when they are as many as `length`. `kind`: as of media, once the first bytes told it. A
-- request that appends holds the upload until `held_until`; `holder` counts these requests, so that one that lost its hold is
-- recognised.
CREATE TABLE uploads (
    bucket     smallint NOT NULL,
    id         bigint NOT NULL,
    owner      bigint NOT NULL,
    kind       smallint,
    length     bigint NOT NULL CHECK (length > 0),
    received   bigint NOT NULL DEFAULT 0 CHECK (received BETWEEN 0 AND length),
    parts      text NOT NULL DEFAULT '',
    expires_at bigint NOT NULL,
    holder     bigint NOT NULL DEFAULT 0,
    held_until bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (id, bucket)
);
CREATE INDEX uploads_of_owner ON uploads (owner, length) WHERE received < length;
CREATE INDEX uploads_expire ON uploads (expires_at);

-- The owner determines the bucket. Without this, the planner expects a 256th of the rows.
CREATE STATISTICS uploads_bucket (dependencies) ON owner, bucket FROM uploads;
