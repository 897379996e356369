-- Videos take minutes, so they are claimed apart from everything else that is due. Each index has the work of one queue only:
-- a long backlog of videos makes no claim of a photo slower. Old nodes claim with the index of both.
CREATE INDEX media_due_short ON media (due_at) WHERE (state = 4 OR (state = 1 AND kind <> 2));
CREATE INDEX media_due_videos ON media (due_at) WHERE state = 1 AND kind = 2;
