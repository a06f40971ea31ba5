-- The epoch of a life, in the store's generation: what stands before each script that tells epochs.
--
-- A life of six letters is followed by two of the generation. One that was copied from another store has eight: they are
-- its epoch in the first generation, so that cursors of before go on, and the last two count on from there.
local function epoch_of(life, generation)
  local number = generation
  if #life == 8 then number = number + (string.byte(life, 7) - 97) * 26 + string.byte(life, 8) - 97 end
  return string.sub(life, 1, 6) .. string.char(97 + math.floor(number / 26) % 26, 97 + number % 26)
end

