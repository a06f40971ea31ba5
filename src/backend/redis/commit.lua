-- One commit, wholly or not at all. Whatever can go wrong is looked at before the first write: a script is not rolled back.
--
-- KEYS: meta, aggregate, idempotency keys, streams of the topics, indexes of the moves.
-- ARGV: how many of each (once, expect, topics, puts, moves, clears, trims, appends), and then each of them:
--   once: record, milliseconds    expect: version's field, version    topic: field, channel
--   put: value's field, version's field, '1' or '0', value    move: member, score or ''
--   clear: topic, new life    trim: topic, offset    append: topic, how many are kept (0: all, -1: none), payload
-- Answers 'wiped' | 'damaged' why | 'conflict' | 'repeated' (number, record, milliseconds left)…
--   | 'done' version, counter, (epoch, offset)…
--
-- Redis does nothing else meanwhile, so it is short of breath: Lua takes a nanosecond for each byte of a string that it is
-- handed or that it makes, so values are neither read nor joined to anything, and offsets stay numbers.

local PART = 1000 -- Lua hands over so many arguments at once with certainty.
local call, match = redis.call, string.match

local function in_parts(command, key, list)
  for from = 1, #list, PART do
    call(command, key, unpack(list, from, math.min(from + PART - 1, #list)))
  end
end

local once_len, expect_len, topics_len = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local puts_len, moves_len, clears_len, trims_len, appends_len =
  tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local at = 9
local META, AGGREGATE = KEYS[1], KEYS[2]
local streams_at = 2 + once_len
local indexes_at = streams_at + topics_len

local meta = call('HMGET', META, 'epoch', 'generation')
if not meta[1] then return {'wiped'} end
local generation = tonumber(meta[2])
local store_epoch = epoch_of(meta[1], generation)

-- Idempotency keys.
local onces_at = at
at = at + 2 * once_len
if once_len > 0 then
  local repeated = {'repeated'}
  for n = 1, once_len do
    local seen = call('GET', KEYS[2 + n])
    if seen then
      repeated[#repeated + 1] = n
      repeated[#repeated + 1] = seen
      repeated[#repeated + 1] = call('PTTL', KEYS[2 + n])
    end
  end
  if #repeated > 1 then return repeated end
end

-- Expectations, and where the topics stand.
local expects_at = at
local topics_at = at + 2 * expect_len
at = topics_at + 2 * topics_len
local fields = {}
for n = 1, expect_len + topics_len do
  fields[n] = ARGV[expects_at + 2 * n - 2]
end
local found = {}
if #fields > 0 and #fields <= PART then
  found = call('HMGET', AGGREGATE, unpack(fields))
else
  for from = 1, #fields, PART do
    local part = call('HMGET', AGGREGATE, unpack(fields, from, math.min(from + PART - 1, #fields)))
    for n = 1, #part do found[from + n - 1] = part[n] end
  end
end
for n = 1, expect_len do
  if (found[n] or '0') ~= ARGV[expects_at + 2 * n - 1] then return {'conflict'} end
end
local topics = {}
for n = 1, topics_len do
  local row, stream = found[expect_len + n], KEYS[streams_at + n]
  if row then
    local life, top, floor, keep = match(row, '^(%l*) (%d+) (%d+) (%d+)$')
    if not life then return {'damaged', 'a topic has an unreadable row'} end
    topics[n] = {stream = stream, life = life, top = tonumber(top), floor = tonumber(floor), keep = tonumber(keep)}
    call('XLEN', stream)
  else
    topics[n] = {stream = stream, life = '', top = 0, floor = 1, keep = 0, is_new = true}
  end
end
for n = 1, moves_len do
  call('ZCARD', KEYS[indexes_at + n])
end

-- From here on everything succeeds. The first write is one that a full Redis refuses.
local counter = 0
if once_len + puts_len + moves_len + clears_len + trims_len + appends_len > 0 then
  counter = call('HINCRBY', META, 'counter', 1)
end
for n = 1, once_len do
  local record_at = onces_at + 2 * n - 2
  call('SET', KEYS[2 + n], ARGV[record_at], 'PX', ARGV[record_at + 1])
end

local set, deleted = {}, {}
if puts_len == 1 then
  if ARGV[at + 2] == '1' then
    set[1], set[2], set[3], set[4] = ARGV[at], ARGV[at + 3], ARGV[at + 1], counter
  else
    deleted[1], deleted[2] = ARGV[at], ARGV[at + 1]
  end
else
  -- The last one of a field counts.
  local last = {}
  for n = 0, puts_len - 1 do last[ARGV[at + 4 * n]] = at + 4 * n end
  for field, put_at in pairs(last) do
    if ARGV[put_at + 2] == '1' then
      local len = #set
      set[len + 1], set[len + 2], set[len + 3], set[len + 4] = field, ARGV[put_at + 3], ARGV[put_at + 1], counter
    else
      local len = #deleted
      deleted[len + 1], deleted[len + 2] = field, ARGV[put_at + 1]
    end
  end
end
at = at + 4 * puts_len

for n = 1, moves_len do
  local index, member, score = KEYS[indexes_at + n], ARGV[at], ARGV[at + 1]
  at = at + 2
  if score == '' then
    call('ZREM', index, member)
  else
    call('ZADD', index, score, member)
  end
end

for n = 1, clears_len do
  local topic = topics[tonumber(ARGV[at])]
  call('UNLINK', topic.stream)
  topic.life, topic.top, topic.floor = ARGV[at + 1], 0, 1
  topic.is_new, topic.is_changed = false, true
  at = at + 2
end

for n = 1, trims_len do
  local topic = topics[tonumber(ARGV[at])]
  local last = math.min(tonumber(ARGV[at + 1]), topic.top)
  if last >= topic.floor then
    topic.floor, topic.is_changed = last + 1, true
    call('XTRIM', topic.stream, 'MINID', '=', (last + 1) .. '-0')
  end
  at = at + 2
end

local done = {'done', puts_len > 0 and counter or 0, counter}
for n = 1, appends_len do
  local number, keep, payload = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), ARGV[at + 2]
  at = at + 3
  local epoch, offset = store_epoch, 0
  if keep >= 0 then
    local topic = topics[number]
    if topic.is_new then
      -- What a stream without a row may hold is nobody's.
      call('UNLINK', topic.stream)
      topic.is_new, topic.keep = false, keep
    elseif keep ~= topic.keep then
      if topic.keep > 0 then topic.floor = math.max(topic.floor, topic.top + 1 - topic.keep) end
      topic.keep = keep
    end
    offset = topic.top + 1
    topic.top, topic.is_changed = offset, true
    if keep == 0 then
      call('XADD', topic.stream, offset .. '-0', 'p', payload)
    else
      call('XADD', topic.stream, 'MAXLEN', keep < 64 and '=' or '~', keep, offset .. '-0', 'p', payload)
    end
    if topic.life ~= '' then epoch = epoch_of(topic.life, generation) end
  end
  if keep ~= 0 then
    call('PUBLISH', ARGV[topics_at + 2 * number - 1], epoch .. offset .. ' ' .. payload)
  end
  done[2 * n + 2], done[2 * n + 3] = epoch, offset
end

for n = 1, topics_len do
  local topic = topics[n]
  if topic.is_changed then
    local len = #set
    set[len + 1] = ARGV[topics_at + 2 * n - 2]
    set[len + 2] = topic.life .. ' ' .. topic.top .. ' ' .. topic.floor .. ' ' .. topic.keep
  end
end
in_parts('HSET', AGGREGATE, set)
if deleted[1] then in_parts('HDEL', AGGREGATE, deleted) end
return done
