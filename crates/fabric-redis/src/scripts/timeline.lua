-- What the scripts for timelines share. `scripts.rs` writes the constants above.
--
-- Ids are compared as two halves of 32 bits, because a number of Lua is a double. Strings are compared for equality
-- only, because their order in Lua follows the locale.

local function is_building(length)
  return length % 8 == 1
end

-- Writes a string into an allocation that fits. After SET there may be no room behind the last byte, so the next insertion
-- would double the string.
local function write(key, bytes, milliseconds)
  redis.call('UNLINK', key)
  redis.call('SETRANGE', key, 0, bytes)
  redis.call('PEXPIRE', key, milliseconds)
end

-- Redis doubles a string that outgrows its allocation. The allocator has four sizes between a power of two and the next
-- one, which are multiples of 128 from 512 bytes on. A header and a zero take 6 bytes.
local function shrink_after_growth(key, length)
  local last = length + 5
  if last % 128 >= 8 then return end
  local _, exponent = math.frexp(last)
  if last % 2 ^ (exponent - 3) < 8 then
    write(key, redis.call('GET', key), redis.call('PTTL', key))
  end
end

-- The number of ids below this one.
local function ids_below(whole, first, high, low)
  local from, to = 0, (#whole - first) / 8
  while from < to do
    local middle = math.floor((from + to) / 2)
    local its_high, its_low = struct.unpack('>I4I4', whole, first + middle * 8 + 1)
    if its_high < high or (its_high == high and its_low < low) then
      from = middle + 1
    else
      to = middle
    end
  end
  return from
end

local function is_below_floor(whole, high, low)
  local floor_high, floor_low = struct.unpack('>I4I4', whole, FLOOR + 1)
  return high < floor_high or (high == floor_high and low < floor_low)
end

local function remember_late(key, whole, id)
  local count = struct.unpack('>I8', whole, LATE_COUNT + 1)
  local others = whole:sub(LATE_IDS + 1, LATE_IDS + 8 * (LATE_MAX - 1))
  redis.call('SETRANGE', key, LATE_COUNT, struct.pack('>I8', count + 1) .. id .. others)
end

-- Inserts an id below the largest one. Returns the new length, or nil if nothing is inserted.
local function insert_late(key, id, high, low)
  local whole = redis.call('GET', key)
  local building = is_building(#whole)
  if not building and is_below_floor(whole, high, low) then return nil end
  local first = building and BUILDING or READY
  local place = first + 8 * ids_below(whole, first, high, low)
  if whole:sub(place + 1, place + 8) == id then return nil end
  if not building then remember_late(key, whole, id) end
  return redis.call('SETRANGE', key, place, id .. whole:sub(place + 1))
end

-- Keeps the largest ids. The floor rises to the smallest of them.
local function trim(key, keep)
  local header = redis.call('GETRANGE', key, 0, READY - 1)
  local ids = redis.call('GETRANGE', key, -8 * keep, -1)
  local trimmed = header:sub(1, FLOOR) .. ids:sub(1, 8) .. header:sub(FLOOR + 9) .. ids
  write(key, trimmed, redis.call('PTTL', key))
end

-- Inserts an id into a timeline, if there is one. Returns the number of insertions. A build with more arrivals than a
-- timeline keeps is dropped.
local function insert(key, id, keep)
  local last = redis.call('GETRANGE', key, -8, -1)
  if last == '' or last == id then return 0 end
  local high, low = struct.unpack('>I4I4', id)
  local last_high, last_low = struct.unpack('>I4I4', last)
  local length
  if high > last_high or (high == last_high and low > last_low) then
    length = redis.call('APPEND', key, id)
  else
    length = insert_late(key, id, high, low)
    if not length then return 0 end
  end
  if is_building(length) then
    if length > BUILDING + 8 * keep then
      redis.call('UNLINK', key)
      return 0
    end
  elseif length > READY + 16 * keep then
    trim(key, keep)
    return 1
  end
  shrink_after_growth(key, length)
  return 1
end

