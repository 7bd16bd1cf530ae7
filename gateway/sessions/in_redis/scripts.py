"""What Redis does as one step: scripts in Lua, each with what it is given.

A script that Redis refuses for want of memory has written nothing: HSET or SET, which
need some, come first.

A session is a hash: ``s`` sealed, ``g`` its generation, ``b`` when it was signed in,
``n`` the sealed note for its person, ``i`` the indexes it is in.  An index is a sorted
set of ids by the time of the sign-in; a mark is the time until which sign-ins of
somebody are over.  All of them end by themselves.

What somebody overwrote with another type is lost: it is removed, and is as if it had
ended, for whom it was about and for nobody else.

Keys that stand in ``i`` are not declared: Redis Cluster is not supported.
"""

from typing import Final

# What is called, and whether somebody had overwritten the key with another type.
_MENDED: Final = """
local function mended(command, key, ...)
  local reply = redis.pcall(command, key, ...)
  if type(reply) ~= 'table' or not reply.err then return reply, false end
  local overwritten = string.find(reply.err, 'WRONGTYPE', 1, true) == 1
  if overwritten then redis.call('DEL', key) end
  return redis.call(command, key, ...), overwritten
end
"""

_FORGET: Final = (
    _MENDED
    + """
local function forget(key, id)
  local indexes = mended('HGET', key, 'i')
  if not indexes then return 0 end
  for index in string.gmatch(indexes, '%S+') do mended('ZREM', index, id) end
  redis.call('DEL', key)
  return 1
end
"""
)

# An overwritten mark may have said anything: this once it is one.
_IS_MARKED: Final = (
    _MENDED
    + """
local function is_marked(signed_in_at, first, last)
  for place = first, last do
    local at, overwritten = mended('GET', KEYS[place])
    if overwritten or at and tonumber(signed_in_at) <= tonumber(at) then
      return true
    end
  end
  return false
end
"""
)

_KEEP: Final = """
local function keep(count)
  local indexes = table.concat(KEYS, ' ', 2, count + 1)
  redis.call('HSET', KEYS[1], 's', ARGV[2], 'g', ARGV[3], 'b', ARGV[4],
    'n', ARGV[5], 'i', indexes)
  redis.call('PEXPIRE', KEYS[1], ARGV[6])
  for place = 2, count + 1 do
    mended('ZREMRANGEBYSCORE', KEYS[place], '-inf', ARGV[8])
    redis.call('ZADD', KEYS[place], ARGV[4], ARGV[1])
    redis.call('PEXPIRE', KEYS[place], ARGV[7])
  end
end
"""

# KEYS: the session, its indexes, the marks it may fall under.
# ARGV: id, sealed, generation, signed in at, note, its milliseconds, those of the
# indexes, sign-ins up to which are over by age, how many indexes.
BEGIN: Final = (
    _IS_MARKED
    + _KEEP
    + """
local count = tonumber(ARGV[9])
if is_marked(ARGV[4], count + 2, #KEYS) then return 0 end
keep(count)
return 1
"""
)

# KEYS: the session, its indexes, and where it is left for who signed out meanwhile.
# ARGV: as BEGIN, and the generation before, milliseconds to leave it for, channel,
# message (empty: nobody need hear).  Returns 1, 0 for a newer one there, -1 for none.
UPDATE: Final = (
    _MENDED
    + _KEEP
    + """
local known = mended('HMGET', KEYS[1], 'g', 'i')
if not known[1] then
  if tonumber(ARGV[11]) > 0 then
    redis.call('SET', KEYS[#KEYS], ARGV[2], 'PX', ARGV[11])
  end
  return -1
end
if tonumber(known[1]) > tonumber(ARGV[10]) then return 0 end
local count = tonumber(ARGV[9])
keep(count)
local kept = ' ' .. table.concat(KEYS, ' ', 2, count + 1) .. ' '
for index in string.gmatch(known[2], '%S+') do
  if not string.find(kept, ' ' .. index .. ' ', 1, true) then
    mended('ZREM', index, ARGV[1])
  end
end
if ARGV[13] ~= '' then redis.call('PUBLISH', ARGV[12], ARGV[13]) end
return 1
"""
)

# KEYS: the session, marks of everybody.  Returns it sealed, and its note.
READ: Final = (
    _IS_MARKED
    + """
local found = mended('HMGET', KEYS[1], 's', 'b', 'n')
if not found[1] or is_marked(found[2], 2, #KEYS) then return false end
return {found[1], found[3]}
"""
)

# KEYS: the session, where it may be left.  Returns it sealed, and whether it lives.
READ_FOR_TURN: Final = (
    _MENDED
    + """
local found = mended('HMGET', KEYS[1], 's', 'n')
if found[1] then return {found[1], found[2], 1} end
return {mended('GET', KEYS[2]) or '', '', 0}
"""
)

# KEYS: sessions.  Returns 1 for each that is there.
ARE_THERE: Final = """
local found = {}
for place, key in ipairs(KEYS) do found[place] = redis.call('EXISTS', key) end
return found
"""

# KEYS: the session.  ARGV: id, channel, message.
END: Final = (
    _FORGET
    + """
local ended = forget(KEYS[1], ARGV[1])
redis.call('PUBLISH', ARGV[2], ARGV[3])
return ended
"""
)

# KEYS: marks, then as many indexes.  ARGV: at, milliseconds, what the keys of sessions
# begin with, how many sessions at once, channel, message (empty: was sent), the list
# of marks, how many it holds, until when this one counts, what time it is.  Returns 1
# where there are more to end: call it again.
REVOKE: Final = (
    _FORGET
    + """
local half, more = #KEYS / 2, 0
for place = 1, half do
  local known = mended('GET', KEYS[place])
  if not known or tonumber(known) < tonumber(ARGV[1]) then
    redis.call('SET', KEYS[place], ARGV[1], 'PX', ARGV[2])
  end
end
if ARGV[6] ~= '' then
  mended('ZADD', ARGV[7], ARGV[9], ARGV[6])
  redis.call('ZREMRANGEBYSCORE', ARGV[7], '-inf', ARGV[10])
  redis.call('ZREMRANGEBYRANK', ARGV[7], 0, -ARGV[8] - 1)
  redis.call('PEXPIRE', ARGV[7], ARGV[2])
  redis.call('PUBLISH', ARGV[5], ARGV[6])
end
for place = half + 1, #KEYS do
  local ids = mended('ZRANGEBYSCORE', KEYS[place], '-inf', ARGV[1],
    'LIMIT', 0, ARGV[4])
  for _, id in ipairs(ids) do
    forget(ARGV[3] .. id, id)
    redis.call('ZREM', KEYS[place], id)
  end
  if #ids == tonumber(ARGV[4]) then more = 1 end
end
return more
"""
)

# KEYS: the list of marks.  ARGV: what time it is.  Returns those that count.
MARKS: Final = (
    _MENDED
    + """
local found = mended('ZRANGEBYSCORE', KEYS[1], ARGV[1], '+inf')
return found
"""
)

# KEYS: indexes.  ARGV: what the keys of sessions begin with, the most to look at in
# each.  Returns ids and notes.
LIST: Final = (
    _MENDED
    + """
local found = {}
for _, index in ipairs(KEYS) do
  local ids = mended('ZREVRANGE', index, 0, ARGV[2] - 1)
  for _, id in ipairs(ids) do
    local note = mended('HGET', ARGV[1] .. id, 'n')
    if note then
      found[#found + 1] = id
      found[#found + 1] = note
    end
  end
end
return found
"""
)

# KEYS: the lock.  ARGV: who holds it.
RELEASE: Final = (
    _MENDED
    + """
local holder = mended('GET', KEYS[1])
if holder == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""
)

# KEYS: what is written to see whether anything can be.
PROBE: Final = "redis.call('SET', KEYS[1], '1', 'PX', 60000) return 1"
