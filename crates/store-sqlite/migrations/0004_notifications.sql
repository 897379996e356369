-- What people are told. Kind: 1 friend request, 2 friend accepted, 3 comment, 4 like, 5 mention.

CREATE TABLE notifications (
    person  INTEGER NOT NULL REFERENCES people (id),
    id      INTEGER NOT NULL,
    kind    INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 5),
    actor   INTEGER NOT NULL REFERENCES people (id),
    story   INTEGER REFERENCES stories (id),
    comment INTEGER,
    at      INTEGER NOT NULL,
    PRIMARY KEY (person, id)
) STRICT, WITHOUT ROWID;
-- Likes of a story are one notification, which moves to the top.
CREATE UNIQUE INDEX notifications_of_likes ON notifications (story, person) WHERE kind = 4;
-- To remove what a deleted story or comment leaves behind.
CREATE INDEX notifications_about ON notifications (story, comment) WHERE story IS NOT NULL;
