-- Notifications, in the bucket of their reader. Kind: 1 friend request, 2 friend accepted, 3 comment, 4 like, 5 mention.

CREATE TABLE notifications (
    bucket  smallint NOT NULL,
    person  bigint NOT NULL,
    id      bigint NOT NULL,
    kind    smallint NOT NULL CHECK (kind BETWEEN 1 AND 5),
    actor   bigint NOT NULL,
    story   bigint,
    comment bigint,
    at      bigint NOT NULL,
    PRIMARY KEY (person, id, bucket)
);
-- All likes of a story share one notification, which moves to the top.
CREATE UNIQUE INDEX notifications_of_likes ON notifications (story, person, bucket) WHERE kind = 4;
-- For removing the notifications of a deleted story or comment.
CREATE INDEX notifications_about ON notifications (story, comment) WHERE story IS NOT NULL;
-- New ids continue above the largest id of any kind. For the other kinds, the primary keys find it.
CREATE INDEX notifications_by_id ON notifications (id);

-- Withdrawn acts, in the bucket of the actor. Kind as above: 1 friend request (target: the person), 4 like (target: the
-- story). A repeat within the quiet time restores the notification with its old id, so that it does not count as new.
CREATE TABLE withdrawn (
    bucket       smallint NOT NULL,
    actor        bigint NOT NULL,
    kind         smallint NOT NULL CHECK (kind IN (1, 4)),
    target       bigint NOT NULL,
    notification bigint NOT NULL,
    at           bigint NOT NULL,
    PRIMARY KEY (actor, kind, target, bucket)
);
CREATE INDEX withdrawn_by_age ON withdrawn (at);

-- The owner determines the bucket. Without this, the planner expects a 256th of the rows, and sorts long lists.
CREATE STATISTICS notifications_bucket (dependencies) ON person, bucket FROM notifications;
CREATE STATISTICS withdrawn_bucket (dependencies) ON actor, bucket FROM withdrawn;
