-- Moves shards to servers that were added with `citus_add_node`, while the nodes of Sosik run. The tables of a bucket move
-- together. Run it on the coordinator, as a superuser:
--   psql "$STORE_URL" -v ON_ERROR_STOP=1 -f deploy/citus/spread.sql

SELECT citus_rebalance_start(rebalance_strategy => 'by_shard_count', shard_transfer_mode => 'auto');
SELECT citus_rebalance_wait();

-- What each server has now.
SELECT nodename, nodeport, count(*) AS shards, pg_size_pretty(sum(shard_size)) AS size
FROM citus_shards
GROUP BY nodename, nodeport
ORDER BY nodename, nodeport;
