-- Deleted accounts. `closed_at`: from then on no read finds the person. The row stays without a name, a text and a password,
-- so that nobody takes the handle. `erased_at`: when nothing of the person was left. Old nodes show a closed account as a
-- person without a name.
ALTER TABLE people ADD COLUMN closed_at bigint;
ALTER TABLE people ADD COLUMN erased_at bigint;

-- The handle of a closed account is taken, and belongs to nobody.
ALTER TABLE handles ADD COLUMN closed boolean NOT NULL DEFAULT false;
