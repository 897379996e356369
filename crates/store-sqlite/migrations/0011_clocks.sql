-- The time in an id orders and may be ahead of the clock. What people are shown has columns of its own.

ALTER TABLE people ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE stories ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE comments ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
-- Until now it was the time of the id: 22 bits of node and sequence, then milliseconds since 2024.
UPDATE people SET created_at = (id >> 22) + 1704067200000;
UPDATE stories SET created_at = (id >> 22) + 1704067200000;
UPDATE comments SET created_at = (id >> 22) + 1704067200000;

-- New ids continue above the largest one of any kind. Those of the other kinds are found by their tables' keys.
CREATE INDEX notifications_by_id ON notifications (id);

-- Until when a number is held, by the clock; until when its ids may be, by their own time, which may be ahead.
ALTER TABLE nodes ADD COLUMN held_until INTEGER NOT NULL DEFAULT 0;
UPDATE nodes SET held_until = ids_until WHERE held = 1;
