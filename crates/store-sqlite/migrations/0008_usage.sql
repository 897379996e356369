-- What a person has stored, for quotas, and what was withdrawn, so that doing it again is no news.

-- Stories and comments that are not deleted, the bytes of their texts, and notifications of mentions sent to people
-- without a connection on one day (days since 1970, UTC).
CREATE TABLE usage (
    person      INTEGER NOT NULL PRIMARY KEY REFERENCES people (id),
    stories     INTEGER NOT NULL DEFAULT 0 CHECK (stories >= 0),
    comments    INTEGER NOT NULL DEFAULT 0 CHECK (comments >= 0),
    text_bytes  INTEGER NOT NULL DEFAULT 0 CHECK (text_bytes >= 0),
    mention_day INTEGER NOT NULL DEFAULT 0,
    mentions    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX comments_by_author ON comments (author);

INSERT INTO usage (person, stories, comments, text_bytes)
SELECT p.id,
    (SELECT count(*) FROM stories s WHERE s.author = p.id AND s.deleted_at IS NULL),
    (SELECT count(*) FROM comments c WHERE c.author = p.id),
    (SELECT coalesce(sum(octet_length(s.text)), 0) FROM stories s WHERE s.author = p.id AND s.deleted_at IS NULL)
        + (SELECT coalesce(sum(octet_length(c.text)), 0) FROM comments c WHERE c.author = p.id)
FROM people p;

CREATE TRIGGER people_have_usage AFTER INSERT ON people BEGIN
    INSERT INTO usage (person) VALUES (NEW.id);
END;
CREATE TRIGGER stories_are_used AFTER INSERT ON stories WHEN NEW.deleted_at IS NULL BEGIN
    UPDATE usage SET stories = stories + 1, text_bytes = text_bytes + octet_length(NEW.text) WHERE person = NEW.author;
END;
CREATE TRIGGER changed_stories_are_used AFTER UPDATE OF text, deleted_at ON stories BEGIN
    UPDATE usage SET stories = stories + (NEW.deleted_at IS NULL) - (OLD.deleted_at IS NULL),
        text_bytes = text_bytes + octet_length(NEW.text) - octet_length(OLD.text)
    WHERE person = NEW.author;
END;
CREATE TRIGGER comments_are_used AFTER INSERT ON comments BEGIN
    UPDATE usage SET comments = comments + 1, text_bytes = text_bytes + octet_length(NEW.text) WHERE person = NEW.author;
END;
CREATE TRIGGER changed_comments_are_used AFTER UPDATE OF text ON comments BEGIN
    UPDATE usage SET text_bytes = text_bytes + octet_length(NEW.text) - octet_length(OLD.text) WHERE person = NEW.author;
END;
CREATE TRIGGER lost_comments_are_used AFTER DELETE ON comments BEGIN
    UPDATE usage SET comments = comments - 1, text_bytes = text_bytes - octet_length(OLD.text) WHERE person = OLD.author;
END;

-- Kind as in notifications: 1 friend request (target: the person), 4 like (target: the story). A repeat within the
-- quiet time brings the notification back under its old id, so that it does not count as new.
CREATE TABLE withdrawn (
    actor        INTEGER NOT NULL,
    kind         INTEGER NOT NULL CHECK (kind IN (1, 4)),
    target       INTEGER NOT NULL,
    notification INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    PRIMARY KEY (actor, kind, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX withdrawn_by_age ON withdrawn (at);
