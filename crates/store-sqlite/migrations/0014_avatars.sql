-- Avatars: media that belong to a person instead of a story.

-- 1: the upload is for the avatar of its owner. It never belongs to a story, and is not deleted as unused.
ALTER TABLE media ADD COLUMN avatar INTEGER NOT NULL DEFAULT 0 CHECK (avatar IN (0, 1));
DROP INDEX media_unused;
CREATE INDEX media_unused ON media (created_at) WHERE story IS NULL AND state < 4 AND avatar = 0;
CREATE INDEX media_avatars ON media (owner) WHERE avatar = 1 AND state < 4;

-- The medium and the files of the avatar as JSON, because they are only read with the person. Empty if there is none.
ALTER TABLE people ADD COLUMN avatar TEXT NOT NULL DEFAULT '';
