-- Tries each command that the other scripts rely on, so that a user without the right to one, or a Redis without it, is
-- found out before a commit fails halfway. Whatever else is wrong passes, and is told to whom it concerns.
--
-- KEYS: a key of its own, which is gone afterwards. ARGV: a channel that nobody listens to.
-- Answers the command that is lacking, and Redis's own words; nothing when all are there.

local key, channel = KEYS[1], ARGV[1]
local commands = {
  {'UNLINK', key}, {'TIME'},
  {'HSET', key, 'f', '1'}, {'HINCRBY', key, 'f', '1'}, {'HGET', key, 'f'}, {'HMGET', key, 'f'}, {'HDEL', key, 'f'},
  {'UNLINK', key},
  {'ZADD', key, '1', 'm'}, {'ZREM', key, 'n'}, {'ZCARD', key}, {'ZSCORE', key, 'm'}, {'ZRANK', key, 'm'},
  {'ZCOUNT', key, '1', '1'}, {'ZRANGE', key, '0', '0'}, {'ZREVRANGE', key, '0', '0'},
  {'UNLINK', key},
  {'XADD', key, 'MAXLEN', '=', '1', '1-0', 'p', ''}, {'XLEN', key}, {'XRANGE', key, '-', '+'},
  {'XTRIM', key, 'MINID', '=', '1-0'},
  {'UNLINK', key},
  {'SET', key, '', 'PX', '1000'}, {'GET', key}, {'PTTL', key},
  {'UNLINK', key},
  {'PUBLISH', channel, ''},
}
for _, command in ipairs(commands) do
  local answer = redis.pcall(unpack(command))
  local problem = type(answer) == 'table' and answer.err
  if problem then
    for _, words in ipairs({'NOPERM', 'permission', "can't run", "can't access", 'nknown'}) do
      if string.find(problem, words, 1, true) then return {command[1], problem} end
    end
  end
end
return {}
