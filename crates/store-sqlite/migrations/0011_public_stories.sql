-- The public stories of all authors, newest first, for the page of public stories. Stories for friends have no entry, so
-- they cost that page nothing. With the columns of its condition the index answers alone.
CREATE INDEX stories_newest_public ON stories (id, audience, deleted_at) WHERE deleted_at IS NULL AND audience = 1;
