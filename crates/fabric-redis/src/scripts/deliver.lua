-- Inserts ids into the timelines of KEYS, where there are any. Returns the number of insertions.
-- ARGV[1]: the number of ids that a timeline keeps. ARGV[2…]: ids, ascending: one list for all keys, or one for each.
--
-- A timeline whose insertion fails midway is dropped: half an insertion could hide a story from "newer".

local keep = tonumber(ARGV[1])

local function insert_all(key, ids)
  local inserted = 0
  for at = 1, #ids, 8 do
    inserted = inserted + insert(key, ids:sub(at, at + 7), keep)
  end
  return inserted
end

local total = 0
for number, key in ipairs(KEYS) do
  local done, inserted = pcall(insert_all, key, ARGV[number + 1] or ARGV[2])
  if done then
    total = total + inserted
  else
    redis.call('UNLINK', key)
  end
end
return total
