-- Notifications. Kind: 1 friend request, 2 friend accepted, 3 comment, 4 like, 5 mention.

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
-- All likes of a story share one notification, which moves to the top.
CREATE UNIQUE INDEX notifications_of_likes ON notifications (story, person) WHERE kind = 4;
-- For removing the notifications of a deleted story or comment.
CREATE INDEX notifications_about ON notifications (story, comment) WHERE story IS NOT NULL;
-- New ids continue above the largest id of any kind. For the other kinds, the primary keys find it.
CREATE INDEX notifications_by_id ON notifications (id);

-- Withdrawn acts. Kind as above: 1 friend request (target: the person), 4 like (target: the story). A repeat within the
-- quiet time restores the notification with its old id, so that it does not count as new.
CREATE TABLE withdrawn (
    actor        INTEGER NOT NULL,
    kind         INTEGER NOT NULL CHECK (kind IN (1, 4)),
    target       INTEGER NOT NULL,
    notification INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    PRIMARY KEY (actor, kind, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX withdrawn_by_age ON withdrawn (at);
