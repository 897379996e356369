-- Stories with their counts, tags, likes and comments. All rows of a story are in its bucket, which is that of its author.

-- Audience: 0 friends, 1 public. Mentions and tags are JSON lists or empty: they are only read with their story.
-- A deleted story keeps its row without the text, so that its id is never reused.
CREATE TABLE stories (
    bucket     smallint NOT NULL,
    id         bigint NOT NULL,
    author     bigint NOT NULL,
    audience   smallint NOT NULL CHECK (audience IN (0, 1)),
    text       text NOT NULL,
    mentions   text NOT NULL DEFAULT '',
    tags       text NOT NULL DEFAULT '',
    created_at bigint NOT NULL,
    edited_at  bigint,
    deleted_at bigint,
    PRIMARY KEY (id, bucket)
);
-- Two narrow indexes instead of one that contains the audience. With one index, reads for a follower would scan all
-- stories for friends of the author.
CREATE INDEX stories_live ON stories (author, id) WHERE deleted_at IS NULL;
CREATE INDEX stories_public ON stories (author, id) WHERE deleted_at IS NULL AND audience = 1;

-- Separate from the story, so that a like does not rewrite the text. No row means that all counts are 0. Half of each
-- page stays free, so that most updates stay on their page.
CREATE TABLE story_counts (
    bucket   smallint NOT NULL,
    story    bigint NOT NULL,
    likes    bigint NOT NULL DEFAULT 0 CHECK (likes >= 0),
    comments bigint NOT NULL DEFAULT 0 CHECK (comments >= 0),
    revision bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (story, bucket)
) WITH (fillfactor = 50);

-- A tag contains the author and the audience of its story. So the page of a tag never scans stories for the friends of
-- strangers: it merges public stories with the stories for friends by each of the viewer's friends.
CREATE TABLE story_tags (
    bucket   smallint NOT NULL,
    tag      text NOT NULL,
    story    bigint NOT NULL,
    author   bigint NOT NULL,
    audience smallint NOT NULL CHECK (audience IN (0, 1)),
    PRIMARY KEY (story, tag, bucket)
);
CREATE INDEX story_tags_public ON story_tags (tag, story) WHERE audience = 1;
CREATE INDEX story_tags_friends ON story_tags (tag, author, story) WHERE audience = 0;

CREATE TABLE likes (
    bucket   smallint NOT NULL,
    story    bigint NOT NULL,
    person   bigint NOT NULL,
    liked_at bigint NOT NULL,
    PRIMARY KEY (story, person, bucket)
);
CREATE INDEX likers ON likes (story, liked_at, person);

-- The same likes in the buckets of the people who made them, for the list of a person's likes.
CREATE TABLE liked (
    bucket smallint NOT NULL,
    person bigint NOT NULL,
    story  bigint NOT NULL,
    PRIMARY KEY (person, story, bucket)
);

CREATE TABLE comments (
    bucket     smallint NOT NULL,
    id         bigint NOT NULL,
    story      bigint NOT NULL,
    author     bigint NOT NULL,
    text       text NOT NULL,
    created_at bigint NOT NULL,
    edited_at  bigint,
    PRIMARY KEY (id, bucket)
);
CREATE INDEX comments_of ON comments (story, id);
CREATE INDEX comments_by_author ON comments (author);
-- For the comments of one person on one story: counts those that a block hides from a viewer.
CREATE INDEX comments_by ON comments (story, author);

-- Kind: 1 story, 2 comment. The row stays when the story or comment is deleted.
CREATE TABLE idempotency (
    bucket      smallint NOT NULL,
    person      bigint NOT NULL,
    kind        smallint NOT NULL CHECK (kind IN (1, 2)),
    key         text NOT NULL,
    fingerprint bigint NOT NULL,
    answer      bigint NOT NULL,
    given_at    bigint NOT NULL,
    PRIMARY KEY (person, kind, key, bucket)
);
CREATE INDEX idempotency_by_age ON idempotency (given_at);

-- The owner determines the bucket. Without this, the planner expects a 256th of the rows, and sorts long lists.
CREATE STATISTICS stories_bucket (dependencies) ON author, bucket FROM stories;
CREATE STATISTICS story_tags_bucket (dependencies) ON story, bucket FROM story_tags;
CREATE STATISTICS likes_bucket (dependencies) ON story, bucket FROM likes;
CREATE STATISTICS liked_bucket (dependencies) ON person, bucket FROM liked;
CREATE STATISTICS comments_bucket (dependencies) ON story, bucket FROM comments;
CREATE STATISTICS idempotency_bucket (dependencies) ON person, bucket FROM idempotency;
