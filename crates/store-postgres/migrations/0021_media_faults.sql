-- Claims that ended with neither a result nor a release: most likely their process was killed. Work that kills its process
-- is given up after a few of them. A storage that fails is no reason to give up, so its claims are released. Old nodes do
-- not count.
ALTER TABLE media ADD COLUMN faults bigint NOT NULL DEFAULT 0;

-- One person has a few videos that wait, so that others are not kept waiting.
CREATE INDEX media_videos_waiting ON media (owner) WHERE state = 1 AND kind = 2;
