-- Moves shards to servers that were added with `citus_add_node`, while the nodes of Sosik run. The tables of a bucket move
-- together. Moving without blocking writes needs `wal_level = 'logical'` on every server. Run it on the coordinator, as a
-- superuser, in the database of Sosik:
--   psql "$ADMIN_URL" -v ON_ERROR_STOP=1 -f deploy/citus/spread.sql

SELECT citus_rebalance_start(rebalance_strategy => 'by_shard_count', shard_transfer_mode => 'auto');
SELECT citus_rebalance_wait();

-- Whether each move succeeded.
SELECT state, details FROM citus_rebalance_status();

-- What each server has now.
SELECT nodename, nodeport, count(*) AS shards, pg_size_pretty(sum(shard_size)) AS size
FROM citus_shards
GROUP BY nodename, nodeport
ORDER BY nodename, nodeport;
