-- What a connection does before it is used: makes the store if there is none, and finds out whether writes were lost.
--
-- Each start of a Redis has a run id of its own. The first to arrive under a new one notes where the counter stood, and
-- moves it on so far that no version is given twice, whatever was lost. A new generation begins, and with it every
-- epoch is a new one, when somebody has seen a later counter under an earlier run id, or when nobody can know: unless
-- Redis had each write on its disk before its answer, and nobody else can have taken its place since.
--
-- KEYS: meta. ARGV: format, run id, '1' when each write is on disk before its answer, '1' when there are others that may
-- take its place, six letters for a new store's life, the highest counter seen, the run id and the life that it was seen
-- under ('' when none), the control channel.
-- Answers 'newer' format | 'copying' (the store is not yet complete) | 'ready' life, epoch, counter, 'new' or 'lost' or 'kept'.

local function whole(number) return string.format('%.0f', number) end

local format, run_id, is_lasting, has_heirs = tonumber(ARGV[1]), ARGV[2], ARGV[3] == '1', ARGV[4]
local new_life, seen, seen_run_id, seen_life, control = ARGV[5], tonumber(ARGV[6]), ARGV[7], ARGV[8], ARGV[9]
local time = redis.call('TIME')
local seconds, microseconds = tonumber(time[1]), tonumber(time[2])

-- A counter above all that were ever given, those that were lost among them: microseconds since 1970, for no Redis writes
-- so often. When its clock was set back, a leap must do.
local function above(counter)
  local since_1970 = seconds * 1000000 + microseconds
  return since_1970 > counter and since_1970 or counter + 1000000
end

local meta = redis.call('HMGET', KEYS[1], 'format', 'epoch', 'generation', 'counter', 'run_id', 'start', 'healed',
  'heirs', 'copying')
local found = tonumber(meta[1] or 0)
if found > format then return {'newer', whole(found)} end
if meta[9] then return {'copying'} end

local life, generation, counter, start = meta[2], tonumber(meta[3]), tonumber(meta[4]), tonumber(meta[6])
local state = 'kept'
if found == 0 then
  life, generation, counter = new_life, 0, above(seen)
  redis.call('HSET', KEYS[1], 'format', whole(format), 'epoch', life, 'generation', '0', 'counter', whole(counter),
    'run_id', run_id, 'start', whole(counter), 'healed', run_id, 'heirs', has_heirs)
  state = 'new'
else
  local is_first = meta[5] ~= run_id
  if is_first then
    start = counter
    counter = above(math.max(counter, seen))
    redis.call('HSET', KEYS[1], 'run_id', run_id, 'start', whole(start), 'counter', whole(counter))
  end
  local is_unsure = is_first and not (is_lasting and has_heirs == '0' and meta[8] ~= '1')
  local is_missed = seen_life == life and seen_run_id ~= run_id and seen > start
  if (is_unsure or is_missed) and meta[7] ~= run_id then
    -- By the clock, in tenths of a second, since an earlier generation may be among what was lost.
    generation = math.max(generation + 1, seconds * 10 + math.floor(microseconds / 100000))
    redis.call('HSET', KEYS[1], 'generation', whole(generation), 'healed', run_id)
    state = 'lost'
  end
  if meta[8] ~= has_heirs then redis.call('HSET', KEYS[1], 'heirs', has_heirs) end
end
local epoch = epoch_of(life, generation)
if state ~= 'kept' then redis.call('PUBLISH', control, epoch) end
return {'ready', life, epoch, whole(counter), state}
