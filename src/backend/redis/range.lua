-- Members of an index between two bounds. A bound becomes a rank: how many members stand before it.
--
-- KEYS: index. ARGV: '1' when the highest comes first, limit, and the two bounds, each as kind, score, member.
-- Answers rank, total, (member, score)…

local index = KEYS[1]
local total = redis.call('ZCARD', index)

-- By bytes: Lua's own order of strings follows the locale.
local function is_less(a, b)
  for n = 1, math.min(#a, #b) do
    local x, y = string.byte(a, n), string.byte(b, n)
    if x ~= y then return x < y end
  end
  return #a < #b
end

-- How many members stand before (score, member), or before what follows it.
local function rank_at(score, member, is_after)
  local stands_at = redis.call('ZSCORE', index, member)
  if stands_at and tonumber(stands_at) == tonumber(score) then
    return redis.call('ZRANK', index, member) + (is_after and 1 or 0)
  end
  local low = redis.call('ZCOUNT', index, '-inf', '(' .. score)
  local high = low + redis.call('ZCOUNT', index, score, score)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if is_less(redis.call('ZRANGE', index, middle, middle)[1], member) then
      low = middle + 1
    else
      high = middle
    end
  end
  return low
end

local function rank_of(kind, score, member)
  if kind == 'start' then return 0 end
  if kind == 'end' then return total end
  if kind == 'score' then return redis.call('ZCOUNT', index, '-inf', '(' .. score) end
  if kind == 'member' then return redis.call('ZRANK', index, member) end
  return rank_at(score, member, kind == 'after')
end

local is_descending, limit = ARGV[1] == '1', tonumber(ARGV[2])
local from, until_ = rank_of(ARGV[3], ARGV[4], ARGV[5]), rank_of(ARGV[6], ARGV[7], ARGV[8])
-- Around somebody who is not there: nobody is found, and everybody comes before.
if not from or not until_ then return {total, total} end
local rank = is_descending and total - until_ or from
local answer = {rank, total}
local last = rank + math.min(limit, until_ - from) - 1
if last >= rank then
  local found = redis.call(is_descending and 'ZREVRANGE' or 'ZRANGE', index, rank, last, 'WITHSCORES')
  for n = 1, #found do answer[n + 2] = found[n] end
end
return answer
