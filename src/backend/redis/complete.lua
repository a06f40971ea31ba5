-- Makes a store of what was imported. It goes on with the epoch of the one that it came from, in the first generation, and
-- with a counter above all versions of that one; see `arrive.lua` for both.
--
-- KEYS: meta. ARGV: the last mark, format, epoch, the last version, run id.
-- Answers 'done', or 'overtaken' when another mark stands there: nothing was written then.

local function whole(number) return string.format('%.0f', number) end

local meta = redis.call('HMGET', KEYS[1], 'copying', 'copy_mark')
if not meta[1] or meta[2] ~= ARGV[1] then return 'overtaken' end
local LEAP = 1000000
local counter = whole(math.max(tonumber(ARGV[4]) + LEAP, tonumber(redis.call('TIME')[1]) * LEAP))
redis.call('HSET', KEYS[1], 'format', ARGV[2], 'epoch', ARGV[3], 'generation', '0', 'counter', counter,
  'run_id', ARGV[5], 'start', counter, 'healed', ARGV[5], 'copied', meta[1])
redis.call('HDEL', KEYS[1], 'copying', 'copy_mark')
return 'done'
