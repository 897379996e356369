-- Stories with their counts, tags, likes and comments.

-- Audience: 0 friends, 1 public. Mentions and tags are JSON lists or empty: they are only read with their story.
-- A deleted story keeps its row without the text, so that its id is never reused.
CREATE TABLE stories (
    id         INTEGER NOT NULL PRIMARY KEY,
    author     INTEGER NOT NULL REFERENCES people (id),
    audience   INTEGER NOT NULL CHECK (audience IN (0, 1)),
    text       TEXT NOT NULL,
    mentions   TEXT NOT NULL DEFAULT '',
    tags       TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    edited_at  INTEGER,
    deleted_at INTEGER
) STRICT;
-- Two narrow indexes instead of one that contains the audience. With one index, reads for a follower would scan all
-- stories for friends of the author. An entry is (author, id): every index ends with the row id.
CREATE INDEX stories_live ON stories (author) WHERE deleted_at IS NULL;
CREATE INDEX stories_public ON stories (author) WHERE deleted_at IS NULL AND audience = 1;

-- Separate from the story, so that a like does not rewrite the text. No row means that all counts are 0.
CREATE TABLE story_counts (
    story    INTEGER NOT NULL PRIMARY KEY REFERENCES stories (id),
    likes    INTEGER NOT NULL DEFAULT 0 CHECK (likes >= 0),
    comments INTEGER NOT NULL DEFAULT 0 CHECK (comments >= 0),
    revision INTEGER NOT NULL DEFAULT 0
) STRICT;

-- A tag contains the author and the audience of its story. So the page of a tag never scans stories for the friends of
-- strangers: it merges public stories with the stories for friends by each of the viewer's friends.
CREATE TABLE story_tags (
    tag      TEXT NOT NULL,
    story    INTEGER NOT NULL REFERENCES stories (id),
    author   INTEGER NOT NULL,
    audience INTEGER NOT NULL CHECK (audience IN (0, 1)),
    PRIMARY KEY (tag, story)
) STRICT, WITHOUT ROWID;
CREATE INDEX story_tags_public ON story_tags (tag, story) WHERE audience = 1;
CREATE INDEX story_tags_friends ON story_tags (tag, author, story) WHERE audience = 0;

CREATE TABLE likes (
    person   INTEGER NOT NULL REFERENCES people (id),
    story    INTEGER NOT NULL REFERENCES stories (id),
    liked_at INTEGER NOT NULL,
    PRIMARY KEY (person, story)
) STRICT, WITHOUT ROWID;
CREATE INDEX likers ON likes (story, liked_at, person);

CREATE TABLE comments (
    id         INTEGER NOT NULL PRIMARY KEY,
    story      INTEGER NOT NULL REFERENCES stories (id),
    author     INTEGER NOT NULL REFERENCES people (id),
    text       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    edited_at  INTEGER
) STRICT;
CREATE INDEX comments_of ON comments (story);
CREATE INDEX comments_by_author ON comments (author);
-- For the comments of one person on one story: counts those that a block hides from a viewer.
CREATE INDEX comments_by ON comments (story, author);

-- Kind: 1 story, 2 comment. The row stays when the story or comment is deleted.
CREATE TABLE idempotency (
    person      INTEGER NOT NULL REFERENCES people (id),
    kind        INTEGER NOT NULL CHECK (kind IN (1, 2)),
    key         TEXT NOT NULL,
    fingerprint INTEGER NOT NULL,
    answer      INTEGER NOT NULL,
    given_at    INTEGER NOT NULL,
    PRIMARY KEY (person, kind, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_age ON idempotency (given_at);
