-- Where a member serves people, as address and port; null if it does not. A balancer reads the addresses through any node.
ALTER TABLE cache_leases ADD COLUMN address text;
