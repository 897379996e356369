-- Uploaded photos and videos. Their files are elsewhere, in a folder of each medium.

-- State: 1 processing, 2 ready, 3 failed, 4 deleted, which means that the files are to be removed. Kind: 1 photo, 2 video.
-- `upload`: the name of the file as it was uploaded. `facts`: sizes and files as JSON, empty before processing. `due_at`:
-- when processing or removing is due; a worker that claims the work moves it behind the end of its claim. `attempts`
-- counts the claims, so that a worker that lost its claim is recognised.
CREATE TABLE media (
    id         INTEGER NOT NULL PRIMARY KEY,
    owner      INTEGER NOT NULL REFERENCES people (id),
    story      INTEGER REFERENCES stories (id),
    kind       INTEGER NOT NULL CHECK (kind IN (1, 2)),
    state      INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),
    upload     TEXT NOT NULL,
    facts      TEXT NOT NULL DEFAULT '',
    problem    TEXT NOT NULL DEFAULT '',
    bytes      INTEGER NOT NULL CHECK (bytes >= 0),
    created_at INTEGER NOT NULL,
    due_at     INTEGER NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX media_of_owner ON media (owner, bytes);
CREATE INDEX media_of_story ON media (story) WHERE story IS NOT NULL;
CREATE INDEX media_due ON media (due_at, state) WHERE state IN (1, 4);
CREATE INDEX media_unused ON media (created_at) WHERE story IS NULL AND state < 4;

-- The media of a story as JSON, in their order, because they are only read with it. Empty if there are none.
ALTER TABLE stories ADD COLUMN attachments TEXT NOT NULL DEFAULT '';
