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
-- New ids continue above the largest one of any kind. Those of the other kinds are found by their tables' keys.
CREATE INDEX notifications_by_id ON notifications (id);

-- What was withdrawn. Kind as above: 1 friend request (target: the person), 4 like (target: the story). A repeat within
-- the quiet time brings the notification back under its old id, so that it does not count as new.
CREATE TABLE withdrawn (
    actor        INTEGER NOT NULL,
    kind         INTEGER NOT NULL CHECK (kind IN (1, 4)),
    target       INTEGER NOT NULL,
    notification INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    PRIMARY KEY (actor, kind, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX withdrawn_by_age ON withdrawn (at);
