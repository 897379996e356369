-- Lists that tell a viewer nothing of what the viewer may not see.

-- Keys that seal cursors. Cursors never expire, so no key is ever removed.
CREATE TABLE cursor_keys (
    number     INTEGER NOT NULL PRIMARY KEY CHECK (number BETWEEN 0 AND 255),
    secret     BLOB NOT NULL CHECK (length(secret) = 16),
    created_at INTEGER NOT NULL
) STRICT;

-- A tag knows the author and the audience of its story. So the walk of a tag never meets stories for the friends of
-- strangers: it merges the public ones with those for friends of each of the viewer's friends.
ALTER TABLE story_tags ADD COLUMN author INTEGER NOT NULL DEFAULT 0;
ALTER TABLE story_tags ADD COLUMN audience INTEGER NOT NULL DEFAULT 0 CHECK (audience IN (0, 1));
UPDATE story_tags SET (author, audience) = (SELECT author, audience FROM stories WHERE id = story);
CREATE INDEX story_tags_public ON story_tags (tag, story) WHERE audience = 1;
CREATE INDEX story_tags_friends ON story_tags (tag, author, story) WHERE audience = 0;
