-- Previews of the first links of stories.

-- The work of making a preview, and its folder of files, in the bucket of the author. State: 1 to be made, 2 shown with
-- files, 3 deleted, which means that the files are to be removed. A preview without files has no row once it is made.
-- `due_at`: when the work is due; a worker that claims it moves it behind the end of its claim. `attempts` counts the
-- claims, so that a worker that lost its claim is recognised.
CREATE TABLE previews (
    bucket     smallint NOT NULL,
    id         bigint NOT NULL,
    story      bigint NOT NULL,
    url        text NOT NULL,
    state      smallint NOT NULL CHECK (state BETWEEN 1 AND 3),
    created_at bigint NOT NULL,
    due_at     bigint NOT NULL,
    attempts   bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (id, bucket)
);
CREATE INDEX previews_of_story ON previews (story);
CREATE INDEX previews_due ON previews (due_at) WHERE state IN (1, 3);

-- Links that were fetched, for all stories. `key`: SHA-256 of the normalised link. `folder`: of the files of the picture,
-- a new one for each fetch. `result`: the card as JSON, or `null` if there is nothing to show; empty while it is fetched.
-- `used_until`: when the result, or the claim of the worker that fetches, ends.
CREATE TABLE links (
    key        bytea NOT NULL PRIMARY KEY CHECK (octet_length(key) = 32),
    folder     bigint NOT NULL,
    result     text NOT NULL,
    used_until bigint NOT NULL
);
CREATE INDEX links_folder ON links (folder);
CREATE INDEX links_expiry ON links (used_until);

-- The preview of a story as JSON, because it is only read with it. Empty if there is none.
ALTER TABLE stories ADD COLUMN link text NOT NULL DEFAULT '';

-- The owner determines the bucket. Without this, the planner expects a 256th of the rows, and sorts long lists.
CREATE STATISTICS previews_bucket (dependencies) ON story, bucket FROM previews;
