-- Where a topic stands, and its changes after a cursor, all from one moment.
--
-- KEYS: meta, aggregate, stream. ARGV: the topic's field, the cursor's epoch or '' (from the oldest), its offset, limit.
-- Answers 'wiped' | 'damaged' why | 'lost' epoch, top | 'changes' epoch, top, first offset, entries.

local function whole(number) return string.format('%.0f', number) end

local meta = redis.call('HMGET', KEYS[1], 'format', 'epoch', 'generation')
if not meta[1] then return {'wiped'} end
local generation = tonumber(meta[3])
local life, top, floor, keep = '', 0, 1, 0
local row = redis.call('HGET', KEYS[2], ARGV[1])
if row then
  life, top, floor, keep = string.match(row, '^(%l*) (%d+) (%d+) (%d+)$')
  if not life then return {'damaged', 'a topic has an unreadable row'} end
  top, floor, keep = tonumber(top), tonumber(floor), tonumber(keep)
end
if life == '' then life = meta[2] end
local epoch = epoch_of(life, generation)

local oldest = floor
if keep > 0 then oldest = math.max(floor, top + 1 - keep) end
local first = oldest
if ARGV[2] ~= '' then
  first = tonumber(ARGV[3]) + 1
  if ARGV[2] ~= epoch or first > top + 1 or first < oldest then return {'lost', epoch, whole(top)} end
end
local entries = {}
if ARGV[4] ~= '0' and first <= top then
  entries = redis.call('XRANGE', KEYS[3], whole(first) .. '-0', '+', 'COUNT', ARGV[4])
end
return {'changes', epoch, whole(top), whole(first), entries}
