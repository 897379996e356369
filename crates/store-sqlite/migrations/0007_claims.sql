-- Every claim of an order has its own name: the process (`claimed_by`) and its number within the process.
ALTER TABLE orders ADD COLUMN claim INTEGER NOT NULL DEFAULT 0;
