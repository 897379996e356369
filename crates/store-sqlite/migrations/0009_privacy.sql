-- Privacy settings of a person, and saved stories.

-- 0 everyone, 1 friends of friends, 2 friends (requests: nobody).
ALTER TABLE people ADD COLUMN mentions_by INTEGER NOT NULL DEFAULT 0;
ALTER TABLE people ADD COLUMN comments_by INTEGER NOT NULL DEFAULT 0;
ALTER TABLE people ADD COLUMN requests_by INTEGER NOT NULL DEFAULT 0;

CREATE TABLE saved (
    person   INTEGER NOT NULL REFERENCES people (id),
    story    INTEGER NOT NULL REFERENCES stories (id),
    saved_at INTEGER NOT NULL,
    PRIMARY KEY (person, story)
) STRICT, WITHOUT ROWID;
CREATE INDEX saved_newest ON saved (person, saved_at, story);
-- For the purge of a deleted story.
CREATE INDEX saved_by_story ON saved (story, person);
