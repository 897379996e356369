-- Uploads that arrive in several requests. Their parts are files in the folder of the medium that an upload becomes.

-- `parts`: the names of these files in their order, separated by spaces; empty again when the upload is complete. `received`:
-- their bytes; the upload is complete when they are as many as `length`. `kind`: as of media, once the first bytes told it. A
-- request that appends holds the upload until `held_until`; `holder` counts these requests, so that one that lost its hold is
-- recognised.
CREATE TABLE uploads (
    id         INTEGER NOT NULL PRIMARY KEY,
    owner      INTEGER NOT NULL REFERENCES people (id),
    kind       INTEGER,
    length     INTEGER NOT NULL CHECK (length > 0),
    received   INTEGER NOT NULL DEFAULT 0 CHECK (received BETWEEN 0 AND length),
    parts      TEXT NOT NULL DEFAULT '',
    expires_at INTEGER NOT NULL,
    holder     INTEGER NOT NULL DEFAULT 0,
    held_until INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX uploads_of_owner ON uploads (owner, length) WHERE received < length;
CREATE INDEX uploads_expire ON uploads (expires_at);
