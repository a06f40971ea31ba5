-- One commit, wholly or not at all. Whatever can go wrong is looked at before the first write: a script is not rolled back.
--
-- KEYS: meta, aggregate, idempotency keys, streams of the topics, indexes of the moves.
-- ARGV: how many of each (once, expect, topics, puts, moves, clears, appends), and then each of them:
--   once: record, milliseconds    expect: field, version      topic: field, channel     put: field, '1' or '0', value
--   move: member, score or ''     clear: topic, new life      append: topic, how many are kept (0: all, -1: none), payload
-- Answers 'wiped' | 'damaged' why | 'conflict' | 'repeated' (number, record, milliseconds left)…
--   | 'done' version, counter, (epoch, offset)…

local PART = 1000 -- Lua hands over so many arguments at once with certainty.

local at = 0
local function take()
  at = at + 1
  return ARGV[at]
end

local function whole(number) return string.format('%.0f', number) end

local function in_parts(command, key, list)
  for from = 1, #list, PART do
    redis.call(command, key, unpack(list, from, math.min(from + PART - 1, #list)))
  end
end

local once_len, expect_len, topics_len = tonumber(take()), tonumber(take()), tonumber(take())
local puts_len, moves_len, clears_len, appends_len =
  tonumber(take()), tonumber(take()), tonumber(take()), tonumber(take())
local META, AGGREGATE = KEYS[1], KEYS[2]
local streams_at = 2 + once_len
local indexes_at = streams_at + topics_len

local meta = redis.call('HMGET', META, 'format', 'epoch', 'generation')
if not meta[1] then return {'wiped'} end
local generation = tonumber(meta[3])
local store_epoch = epoch_of(meta[2], generation)

-- Idempotency keys.
local records = {}
local repeated = {'repeated'}
for n = 1, once_len do
  records[n] = {take(), take()}
  local seen = redis.call('GET', KEYS[2 + n])
  if seen then
    repeated[#repeated + 1] = n
    repeated[#repeated + 1] = seen
    repeated[#repeated + 1] = redis.call('PTTL', KEYS[2 + n])
  end
end
if #repeated > 1 then return repeated end

-- Expectations, and where the topics stand.
local fields, versions = {}, {}
for n = 1, expect_len do
  fields[n], versions[n] = take(), take()
end
local topics = {}
for n = 1, topics_len do
  topics[n] = {field = take(), channel = take(), stream = KEYS[streams_at + n]}
  fields[expect_len + n] = topics[n].field
end
local found = {}
for from = 1, #fields, PART do
  local part = redis.call('HMGET', AGGREGATE, unpack(fields, from, math.min(from + PART - 1, #fields)))
  for n = 1, #part do found[from + n - 1] = part[n] end
end
for n = 1, expect_len do
  local version = '0'
  if found[n] then version = string.match(found[n], '^(%d+) ') end
  if not version then return {'damaged', 'a value has no version'} end
  if version ~= versions[n] then return {'conflict'} end
end
for n = 1, topics_len do
  local topic, row = topics[n], found[expect_len + n]
  if row then
    local life, top, floor, keep = string.match(row, '^(%l*) (%d+) (%d+) (%d+)$')
    if not life then return {'damaged', 'a topic has an unreadable row'} end
    topic.life, topic.top, topic.floor, topic.keep = life, tonumber(top), tonumber(floor), tonumber(keep)
  else
    topic.is_new = true
    topic.life, topic.top, topic.floor, topic.keep = '', 0, 1, 0
  end
  local kind = redis.call('TYPE', topic.stream).ok
  if kind ~= 'stream' and kind ~= 'none' then return {'damaged', 'the key of a stream holds something else'} end
end
for n = 1, moves_len do
  local kind = redis.call('TYPE', KEYS[indexes_at + n]).ok
  if kind ~= 'zset' and kind ~= 'none' then return {'damaged', 'the key of an index holds something else'} end
end

-- From here on everything succeeds. The first write is one that a full Redis refuses.
local counter = 0
if once_len + puts_len + moves_len + clears_len + appends_len > 0 then
  counter = redis.call('HINCRBY', META, 'counter', 1)
end
local version = '0'
if puts_len > 0 then version = whole(counter) end

for n = 1, once_len do
  redis.call('SET', KEYS[2 + n], records[n][1], 'PX', records[n][2])
end

local rows = {}
for n = 1, puts_len do
  local field, is_there, value = take(), take(), take()
  rows[field] = is_there == '1' and (version .. ' ' .. value)
end

for n = 1, moves_len do
  local member, score = take(), take()
  if score == '' then
    redis.call('ZREM', KEYS[indexes_at + n], member)
  else
    redis.call('ZADD', KEYS[indexes_at + n], score, member)
  end
end

for n = 1, clears_len do
  local topic, life = topics[tonumber(take())], take()
  redis.call('UNLINK', topic.stream)
  topic.life, topic.top, topic.floor = life, 0, 1
  topic.is_new, topic.is_changed = false, true
end

local function append(topic, keep, payload)
  if topic.is_new then
    -- What a stream without a row may hold is nobody's.
    redis.call('UNLINK', topic.stream)
    topic.is_new = false
    topic.keep = keep
  end
  if keep ~= topic.keep then
    if topic.keep > 0 then topic.floor = math.max(topic.floor, topic.top + 1 - topic.keep) end
    topic.keep = keep
  end
  topic.top = topic.top + 1
  topic.is_changed = true
  local id = whole(topic.top) .. '-0'
  if keep == 0 then
    redis.call('XADD', topic.stream, id, 'p', payload)
  else
    redis.call('XADD', topic.stream, 'MAXLEN', keep < 64 and '=' or '~', whole(keep), id, 'p', payload)
  end
end

local done = {'done', version, whole(counter)}
for n = 1, appends_len do
  local topic, keep, payload = topics[tonumber(take())], tonumber(take()), take()
  local epoch, offset = store_epoch, '0'
  if keep >= 0 then
    append(topic, keep, payload)
    offset = whole(topic.top)
    if topic.life ~= '' then epoch = epoch_of(topic.life, generation) end
  end
  if keep ~= 0 then
    redis.call('PUBLISH', topic.channel, epoch .. offset .. ' ' .. payload)
  end
  done[#done + 1] = epoch
  done[#done + 1] = offset
end

for n = 1, topics_len do
  local topic = topics[n]
  if topic.is_changed then
    rows[topic.field] = topic.life .. ' ' .. whole(topic.top) .. ' ' .. whole(topic.floor) .. ' ' .. whole(topic.keep)
  end
end
local set, deleted = {}, {}
for field, row in pairs(rows) do
  if row then
    set[#set + 1] = field
    set[#set + 1] = row
  else
    deleted[#deleted + 1] = field
  end
end
in_parts('HSET', AGGREGATE, set)
in_parts('HDEL', AGGREGATE, deleted)
return done
