-- Replies to comments, and likes of comments.

-- The parent is the comment that a reply answers; it has no parent itself. A comment that is deleted while it has replies
-- or likes keeps its row without the text. The counts are here, because no cache contains comments.
ALTER TABLE comments ADD COLUMN parent INTEGER;
ALTER TABLE comments ADD COLUMN replies INTEGER NOT NULL DEFAULT 0 CHECK (replies >= 0);
ALTER TABLE comments ADD COLUMN likes INTEGER NOT NULL DEFAULT 0 CHECK (likes >= 0);
ALTER TABLE comments ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1));
CREATE INDEX comments_first ON comments (story) WHERE parent IS NULL;
CREATE INDEX comments_replies ON comments (parent) WHERE parent IS NOT NULL;
-- Deleted comments whose likes are not removed yet.
CREATE INDEX comments_left ON comments (deleted) WHERE deleted = 1 AND likes > 0;

CREATE TABLE comment_likes (
    comment  INTEGER NOT NULL REFERENCES comments (id),
    person   INTEGER NOT NULL REFERENCES people (id),
    story    INTEGER NOT NULL REFERENCES stories (id),
    liked_at INTEGER NOT NULL,
    PRIMARY KEY (comment, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX comment_likers ON comment_likes (comment, liked_at, person);
-- For the purge of a deleted story.
CREATE INDEX comment_likes_of_story ON comment_likes (story);

-- What a notification of kind 3 tells: 0 a comment on a story of the reader, 1 a reply to a comment of the reader, 2 likes
-- of a comment of the reader.
ALTER TABLE notifications ADD COLUMN comment_act INTEGER NOT NULL DEFAULT 0 CHECK (comment_act IN (0, 1, 2));
-- All likes of a comment share one notification, which moves to the top.
CREATE UNIQUE INDEX notifications_of_comment_likes ON notifications (comment, person) WHERE comment_act = 2;
