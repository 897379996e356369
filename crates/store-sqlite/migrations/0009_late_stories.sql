-- Stories that readers get although later ones were delivered to everybody already: made public afterwards, or delivered
-- after their order was dead. The newest few thousand are kept. Numbers have no gaps.
CREATE TABLE late_stories (
    number     INTEGER NOT NULL PRIMARY KEY,
    story      INTEGER NOT NULL REFERENCES stories (id),
    author     INTEGER NOT NULL REFERENCES people (id),
    to_friends INTEGER NOT NULL CHECK (to_friends IN (0, 1))
) STRICT;

-- The number of the late story that this order delivers; 0 for the delivery of a new story.
ALTER TABLE orders ADD COLUMN late INTEGER NOT NULL DEFAULT 0;
CREATE INDEX orders_late ON orders (late) WHERE late > 0 AND dead = 0;
-- Dead orders do not hold the watermark back, and are not walked to find it.
CREATE INDEX orders_live ON orders (kind, story) WHERE dead = 0;
