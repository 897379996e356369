-- Uploaded photos and videos, in the bucket of their owner. Their files are elsewhere, in a folder of each medium.

-- State: 1 processing, 2 ready, 3 failed, 4 deleted, which means that the files are to be removed. Kind: 1 photo, 2 video.
-- `upload`: the name of the file as it was uploaded. `facts`: sizes and files as JSON, empty before processing. `due_at`:
-- when processing or removing is due; a worker that claims the work moves it behind the end of its claim. `attempts`
-- counts the claims, so that a worker that lost its claim is recognised.
CREATE TABLE media (
    bucket     smallint NOT NULL,
    id         bigint NOT NULL,
    owner      bigint NOT NULL,
    story      bigint,
    kind       smallint NOT NULL CHECK (kind IN (1, 2)),
    state      smallint NOT NULL CHECK (state BETWEEN 1 AND 4),
    upload     text NOT NULL,
    facts      text NOT NULL DEFAULT '',
    problem    text NOT NULL DEFAULT '',
    bytes      bigint NOT NULL CHECK (bytes >= 0),
    created_at bigint NOT NULL,
    due_at     bigint NOT NULL,
    attempts   bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (id, bucket)
);
CREATE INDEX media_of_owner ON media (owner, bytes);
CREATE INDEX media_of_story ON media (story) WHERE story IS NOT NULL;
CREATE INDEX media_due ON media (due_at) WHERE state IN (1, 4);
CREATE INDEX media_unused ON media (created_at) WHERE story IS NULL AND state < 4;

-- The media of a story as JSON, in their order, because they are only read with it. Empty if there are none.
ALTER TABLE stories ADD COLUMN attachments text NOT NULL DEFAULT '';

-- The owner determines the bucket. Without this, the planner expects a 256th of the rows, and sorts long lists.
CREATE STATISTICS media_bucket (dependencies) ON owner, bucket FROM media;
