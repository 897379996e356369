-- Inserts ids into the timelines of KEYS, where there are any. Returns the number of insertions.
-- ARGV[1]: the number of ids that a timeline keeps. ARGV[2…]: ids, ascending: one list for all keys, or one for each.

local keys, lists, keep = KEYS, ARGV, tonumber(ARGV[1])
local inserted, number, count = 0, 1, #KEYS

local function deliver()
  while number <= count do
    local ids = lists[number + 1] or lists[2]
    for at = 1, #ids, 8 do
      local id = #ids == 8 and ids or ids:sub(at, at + 7)
      inserted = inserted + insert(keys[number], id, keep)
    end
    number = number + 1
  end
end

-- A timeline whose insertion fails midway is dropped: half an insertion could hide a story from "newer".
while not pcall(deliver) do
  call('UNLINK', keys[number])
  number = number + 1
end
return inserted
