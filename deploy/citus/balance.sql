-- How even people and rows are over shards: the largest shard and the mean. It reads every row of the tables that are
-- distributed by `bucket`, so run it when the load is low. It works on PostgreSQL without Citus, too:
--   psql "$STORE_URL" -f deploy/citus/balance.sql
-- A shard has an equal part of the hashes of `bucket`, as on Citus.

WITH counted (part, bucket, number) AS (
    SELECT 'people', bucket, count(*) FROM people GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM people GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM person_counts GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM stranger_mentions GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM read_marks GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM search_terms GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM person_sessions GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM devices GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM invitations GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM put_aside GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM friendships GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM requests_sent GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM requests_received GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM follows GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM followers GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM blocks GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM blocked_by GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM mutes GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM stories GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM story_counts GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM story_tags GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM likes GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM liked GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM comments GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM comment_likes GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM idempotency GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM notifications GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM saved GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM media GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM uploads GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM previews GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM withdrawn GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM orders GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM late_stories GROUP BY bucket
    UNION ALL SELECT 'all rows', bucket, count(*) FROM late_numbers GROUP BY bucket
),
sizes (part, shards) AS (
    VALUES ('people', 8), ('people', 16), ('people', 32), ('people', 64), ('all rows', 8)
),
placed AS (
    SELECT part, shards, (hashint2(bucket)::bigint + 2147483648) * shards >> 32 AS shard, sum(number) AS number
    FROM counted JOIN sizes USING (part)
    GROUP BY part, shards, shard
)
SELECT part, shards, max(number) AS largest, round(sum(number) / shards, 1) AS mean,
    round(max(number) * shards / sum(number), 3) AS ratio
FROM placed
GROUP BY part, shards
ORDER BY part DESC, shards;
