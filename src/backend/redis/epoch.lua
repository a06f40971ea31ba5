-- The epoch of a life, in the store's generation: what stands before each script that tells epochs.
--
-- Read as numbers to the base of 26, the epoch is the life and as many more as there were generations. A life of six letters
-- ends in `aa`; one that was copied from another store has eight, which are its epoch in the first generation, so that cursors
-- of before go on. No two generations of a life have the same epoch, be they years apart.
local function epoch_of(life, generation)
  if generation == 0 then return life .. string.rep('a', 8 - #life) end
  local number = 0
  for at = 1, 8 do number = number * 26 + (string.byte(life, at) or 97) - 97 end
  number = (number + generation) % 208827064576
  local letters = {}
  for at = 8, 1, -1 do
    letters[at] = string.char(97 + number % 26)
    number = math.floor(number / 26)
  end
  return table.concat(letters)
end

