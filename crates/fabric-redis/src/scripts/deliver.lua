-- Inserts ids into the timelines of KEYS, where there are any. Returns the number of insertions.
-- ARGV[1]: the number of ids that a timeline keeps. ARGV[2…]: ids, ascending: one list for all keys, or one for each.

local keep = tonumber(ARGV[1])
local inserted, number = 0, 1

local function deliver()
  while number <= #KEYS do
    local ids = ARGV[number + 1] or ARGV[2]
    for at = 1, #ids, 8 do
      inserted = inserted + insert(KEYS[number], ids:sub(at, at + 7), keep)
    end
    number = number + 1
  end
end

-- A timeline whose insertion fails midway is dropped: half an insertion could hide a story from "newer".
while not pcall(deliver) do
  call('UNLINK', KEYS[number])
  number = number + 1
end
return inserted
