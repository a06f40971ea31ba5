-- One part of a copy: its entries, and with them how far the copy has come.
--
-- KEYS: meta, and the key of each entry: two for a topic, its aggregate and its stream.
-- ARGV: the mark that stands there, the mark that is to stand there, and for each entry a letter and two arguments:
--   'v' (value or version) field, row    't' (topic) field, row    'c' (change) id, payload    's' (standing) member, score
--   'o' (idempotency key) record, milliseconds
-- Answers 'done', or 'overtaken' when another mark stands there: nothing was written then.

local meta = redis.call('HMGET', KEYS[1], 'copying', 'copy_mark')
if not meta[1] or meta[2] ~= ARGV[1] then return 'overtaken' end
-- The first write is one that a full Redis refuses.
redis.call('HSET', KEYS[1], 'copying', meta[1])

local at = 1
local function take_key()
  at = at + 1
  return KEYS[at]
end

for n = 3, #ARGV, 3 do
  local kind, first, second, key = ARGV[n], ARGV[n + 1], ARGV[n + 2], take_key()
  if kind == 'v' then
    redis.call('HSET', key, first, second)
  elseif kind == 't' then
    redis.call('HSET', key, first, second)
    redis.call('UNLINK', take_key())
  elseif kind == 'c' then
    redis.call('XADD', key, first, 'p', second)
  elseif kind == 's' then
    redis.call('ZADD', key, second, first)
  else
    redis.call('SET', key, first, 'PX', second)
  end
end
redis.call('HSET', KEYS[1], 'copy_mark', ARGV[2])
return 'done'
