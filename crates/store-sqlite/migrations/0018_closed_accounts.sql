-- Deleted accounts. `closed_at`: from then on no read finds the person. The row stays without a name, a text and a password,
-- so that nobody takes the handle. `erased_at`: when nothing of the person was left.
ALTER TABLE people ADD COLUMN closed_at INTEGER;
ALTER TABLE people ADD COLUMN erased_at INTEGER;
CREATE INDEX people_to_erase ON people (id) WHERE closed_at IS NOT NULL AND erased_at IS NULL;

-- The comments that a person likes.
CREATE INDEX comment_likes_by ON comment_likes (person);
