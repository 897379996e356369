-- For erasing what closed accounts left. Apart from the new columns, because reads do not wait for an index.
CREATE INDEX people_to_erase ON people (id) WHERE closed_at IS NOT NULL AND erased_at IS NULL;

-- The comments that a person likes.
CREATE INDEX comment_likes_by ON comment_likes (person);
