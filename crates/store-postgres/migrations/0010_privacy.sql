-- Privacy settings of a person, and saved stories.

-- 0 everyone, 1 friends of friends, 2 friends (requests: nobody).
ALTER TABLE people ADD COLUMN mentions_by smallint NOT NULL DEFAULT 0;
ALTER TABLE people ADD COLUMN comments_by smallint NOT NULL DEFAULT 0;
ALTER TABLE people ADD COLUMN requests_by smallint NOT NULL DEFAULT 0;

-- In the bucket of the person who saved the story.
CREATE TABLE saved (
    bucket   smallint NOT NULL,
    person   bigint NOT NULL,
    story    bigint NOT NULL,
    saved_at bigint NOT NULL,
    PRIMARY KEY (person, story, bucket)
);
CREATE INDEX saved_newest ON saved (person, saved_at, story);
-- For the purge of a deleted story.
CREATE INDEX saved_by_story ON saved (story, person);

-- The owner determines the bucket. Without this, the planner expects a 256th of the rows, and sorts long lists.
CREATE STATISTICS saved_bucket (dependencies) ON person, bucket FROM saved;
