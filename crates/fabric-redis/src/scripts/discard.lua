-- Drops a timeline, being built or ready, if it is this incarnation. ARGV: the incarnation.

if redis.call('GETRANGE', KEYS[1], 0, 7) == ARGV[1] then
  redis.call('UNLINK', KEYS[1])
end
return 1
