-- Figures that tell a viewer no more than the viewer may see.

-- Public stories are counted apart from all stories. A stranger's view of a profile shows the public count.
ALTER TABLE person_counts ADD COLUMN public_stories INTEGER NOT NULL DEFAULT 0 CHECK (public_stories >= 0);
UPDATE person_counts SET public_stories =
    (SELECT count(*) FROM stories WHERE author = person AND deleted_at IS NULL AND audience = 1);

DROP TRIGGER stories_are_counted;
CREATE TRIGGER stories_are_counted AFTER INSERT ON stories WHEN NEW.deleted_at IS NULL BEGIN
    UPDATE person_counts SET stories = stories + 1, public_stories = public_stories + (NEW.audience = 1)
        WHERE person = NEW.author;
    UPDATE totals SET count = count + 1 WHERE what = 'stories';
END;
DROP TRIGGER deleted_stories_are_counted;
CREATE TRIGGER deleted_stories_are_counted AFTER UPDATE OF deleted_at ON stories
WHEN OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL BEGIN
    UPDATE person_counts SET stories = stories - 1, public_stories = public_stories - (OLD.audience = 1)
        WHERE person = NEW.author;
    UPDATE totals SET count = count - 1 WHERE what = 'stories';
END;
CREATE TRIGGER changed_audiences_are_counted AFTER UPDATE OF audience ON stories
WHEN OLD.audience <> NEW.audience AND NEW.deleted_at IS NULL BEGIN
    UPDATE person_counts SET public_stories = public_stories + (NEW.audience = 1) - (OLD.audience = 1)
        WHERE person = NEW.author;
END;

-- Finds one person's comments on one story. It serves the count of comments that a block hides from a viewer.
CREATE INDEX comments_by ON comments (story, author);
