-- Previews of the first links of stories.

-- The work of making a preview, and its folder of files. State: 1 to be made, 2 shown with files, 3 deleted, which means
-- that the files are to be removed. A preview without files has no row once it is made. `due_at`: when the work is due; a
-- worker that claims it moves it behind the end of its claim. `attempts` counts the claims, so that a worker that lost its
-- claim is recognised.
CREATE TABLE previews (
    id         INTEGER NOT NULL PRIMARY KEY,
    story      INTEGER NOT NULL REFERENCES stories (id),
    url        TEXT NOT NULL,
    state      INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),
    created_at INTEGER NOT NULL,
    due_at     INTEGER NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX previews_of_story ON previews (story);
CREATE INDEX previews_due ON previews (due_at) WHERE state IN (1, 3);

-- Links that were fetched, for all stories. `key`: SHA-256 of the normalised link. `folder`: of the files of the picture,
-- a new one for each fetch. `result`: the card as JSON, or `null` if there is nothing to show; empty while it is fetched.
-- `used_until`: when the result, or the claim of the worker that fetches, ends.
CREATE TABLE links (
    key        BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 32),
    folder     INTEGER NOT NULL,
    result     TEXT NOT NULL,
    used_until INTEGER NOT NULL
) STRICT;
CREATE INDEX links_folder ON links (folder);
CREATE INDEX links_expiry ON links (used_until);

-- The preview of a story as JSON, because it is only read with it. Empty if there is none.
ALTER TABLE stories ADD COLUMN link TEXT NOT NULL DEFAULT '';
