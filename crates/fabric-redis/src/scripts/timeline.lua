-- What the scripts for timelines share. `scripts.rs` writes the constants above.
--
-- Ids are compared as two halves of 32 bits, because a number of Lua is a double. Strings are compared for equality
-- only, because their order in Lua follows the locale.

local call, numbers = redis.call, struct.unpack

local function is_building(length)
  return length % 8 == 1
end

-- Writes a string into an allocation that fits. After SET there may be no room behind the last byte, so the next insertion
-- would double the string.
local function write(key, bytes, milliseconds)
  call('UNLINK', key)
  call('SETRANGE', key, 0, bytes)
  call('PEXPIRE', key, milliseconds)
end

-- Redis doubles a string that outgrows its allocation. The allocator has four sizes between a power of two and the next
-- one, which are multiples of 128 from 512 bytes on. A header and a zero take 6 bytes.
local function shrink_after_growth(key, length)
  local last = length + 5
  if last % 128 >= 8 then return end
  local _, exponent = math.frexp(last)
  if last % 2 ^ (exponent - 3) < 8 then
    write(key, call('GET', key), call('PTTL', key))
  end
end

-- The number of ids below this one.
local function ids_below(ids, high, low)
  local from, to = 0, #ids / 8
  while from < to do
    local middle = math.floor((from + to) / 2)
    local its_high, its_low = numbers('>I4I4', ids, middle * 8 + 1)
    if its_high < high or (its_high == high and its_low < low) then
      from = middle + 1
    else
      to = middle
    end
  end
  return from
end

local function is_below_floor(key, high, low)
  local floor_high, floor_low = numbers('>I4I4', call('GETRANGE', key, FLOOR, FLOOR + 7))
  return high < floor_high or (high == floor_high and low < floor_low)
end

local function remember_late(key, id)
  local late = call('GETRANGE', key, LATE_COUNT, LATE_IDS + 8 * (LATE_MAX - 1) - 1)
  local count = struct.pack('>I8', numbers('>I8', late) + 1)
  call('SETRANGE', key, LATE_COUNT, count .. id .. late:sub(9))
end

-- Inserts an id below the largest one. Returns the new length, or nil if nothing is inserted. Most late ids are late by
-- a few others, so it looks at the last ids first, and at four times as many at each further step.
local function insert_late(key, id, high, low)
  local length = call('STRLEN', key)
  local building = is_building(length)
  local first = building and BUILDING or READY
  local near, from, ids, below = NEAR
  repeat
    from = math.max(first, length - 8 * near)
    ids = call('GETRANGE', key, from, '-1')
    below = ids_below(ids, high, low)
    near = near * 4
  until below > 0 or from == first
  local place = 8 * below
  if ids:sub(place + 1, place + 8) == id then return nil end
  if not building then
    if below == 0 and is_below_floor(key, high, low) then return nil end
    remember_late(key, id)
  end
  return call('SETRANGE', key, from + place, id .. ids:sub(place + 1))
end

-- Keeps the largest ids. The floor rises to the smallest of them.
local function trim(key, keep)
  local header = call('GETRANGE', key, 0, READY - 1)
  local ids = call('GETRANGE', key, -8 * keep, -1)
  local trimmed = header:sub(1, FLOOR) .. ids:sub(1, 8) .. header:sub(FLOOR + 9) .. ids
  write(key, trimmed, call('PTTL', key))
end

-- The halves of the last id. One delivery has the same id for many timelines.
local known, known_high, known_low

-- Inserts an id into a timeline, if there is one. Returns the number of insertions. A build with more arrivals than a
-- timeline keeps is dropped.
local function insert(key, id, keep)
  -- As strings, because Redis formats numbers slowly.
  local last = call('GETRANGE', key, '-8', '-1')
  if last == '' or last == id then return 0 end
  if id ~= known then
    known, known_high, known_low = id, numbers('>I4I4', id)
  end
  local last_high, last_low = numbers('>I4I4', last)
  local length
  if known_high > last_high or (known_high == last_high and known_low > last_low) then
    length = call('APPEND', key, id)
  else
    length = insert_late(key, id, known_high, known_low)
    if not length then return 0 end
  end
  if is_building(length) then
    if length > BUILDING + 8 * keep then
      call('UNLINK', key)
      return 0
    end
  elseif length > READY + 16 * keep then
    trim(key, keep)
    return 1
  end
  shrink_after_growth(key, length)
  return 1
end

