-- Replies to comments, and likes of comments. All are in the bucket of the story.

-- The parent is the comment that a reply answers; it has no parent itself. A comment that is deleted while it has replies
-- or likes keeps its row without the text. The counts are here, because no cache contains comments.
ALTER TABLE comments ADD COLUMN parent bigint;
ALTER TABLE comments ADD COLUMN replies bigint NOT NULL DEFAULT 0 CHECK (replies >= 0);
ALTER TABLE comments ADD COLUMN likes bigint NOT NULL DEFAULT 0 CHECK (likes >= 0);
ALTER TABLE comments ADD COLUMN deleted boolean NOT NULL DEFAULT false;
CREATE INDEX comments_first ON comments (story, id) WHERE parent IS NULL;
CREATE INDEX comments_replies ON comments (parent, id) WHERE parent IS NOT NULL;
-- Deleted comments whose likes are not removed yet.
CREATE INDEX comments_left ON comments (id) WHERE deleted AND likes > 0;

CREATE TABLE comment_likes (
    bucket   smallint NOT NULL,
    comment  bigint NOT NULL,
    person   bigint NOT NULL,
    story    bigint NOT NULL,
    liked_at bigint NOT NULL,
    PRIMARY KEY (comment, person, bucket)
);
CREATE INDEX comment_likers ON comment_likes (comment, liked_at, person);
-- For the purge of a deleted story.
CREATE INDEX comment_likes_of_story ON comment_likes (story);

-- What a notification of kind 3 tells: 0 a comment on a story of the reader, 1 a reply to a comment of the reader, 2 likes
-- of a comment of the reader.
ALTER TABLE notifications ADD COLUMN comment_act smallint NOT NULL DEFAULT 0 CHECK (comment_act IN (0, 1, 2));
-- All likes of a comment share one notification, which moves to the top.
CREATE UNIQUE INDEX notifications_of_comment_likes ON notifications (comment, person, bucket) WHERE comment_act = 2;

-- The owner determines the bucket. Without this, the planner expects a 256th of the rows, and sorts long lists.
CREATE STATISTICS comment_likes_bucket (dependencies) ON comment, bucket FROM comment_likes;
CREATE STATISTICS comments_parent_bucket (dependencies) ON parent, bucket FROM comments;
