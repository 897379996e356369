-- Stories, and what people do with them.

-- Audience: 0 friends, 1 public. Mentions and tags are JSON lists or empty: they are only ever read with their story.
-- A deleted story keeps its row without its words, so that its id never comes back.
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
-- Two narrow indexes and not one with the audience in it: a follower of somebody who mostly writes for friends would
-- walk past all of those stories. An entry is (author, id); the id is the row id that every index ends with.
CREATE INDEX stories_live ON stories (author) WHERE deleted_at IS NULL;
CREATE INDEX stories_public ON stories (author) WHERE deleted_at IS NULL AND audience = 1;

-- Apart from the story, so that a like does not write the text again. No row: nothing yet.
CREATE TABLE story_counts (
    story    INTEGER NOT NULL PRIMARY KEY REFERENCES stories (id),
    likes    INTEGER NOT NULL DEFAULT 0 CHECK (likes >= 0),
    comments INTEGER NOT NULL DEFAULT 0 CHECK (comments >= 0),
    revision INTEGER NOT NULL DEFAULT 0
) STRICT;

-- A tag knows the author and the audience of its story. So the walk of a tag never meets stories for the friends of
-- strangers: it merges the public ones with those for friends of each of the viewer's friends.
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
-- Finds one person's comments on one story. It serves the count of comments that a block hides from a viewer.
CREATE INDEX comments_by ON comments (story, author);

-- Kind: 1 story, 2 comment. The answer outlives what it names.
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
