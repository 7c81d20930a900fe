import { redisScript } from "../storage/redis/redis-script.ts";

/*
 * Each script is one step, so that neither a failure nor another writer leaves a session half written. The keys of a
 * session's former indexes are not among the declared ones: they are made from the base, which has the same hash tag.
 *
 * Moments are milliseconds since 1970. A session exists while its last activity is after the expiry and its persistent
 * copy is there. A hot copy never outlives the persistent one.
 */

const LIBRARY = `
local function entry_of(catalog, id)
  local text = redis.call('HGET', catalog, id)
  if not text then return nil end
  local version, at, indexes = string.match(text, '^(%d+) (%-?%d+) (.*)$')
  return tonumber(version), tonumber(at), indexes
end
local function version_of(catalog, base, id, expiry)
  local version, at, indexes = entry_of(catalog, id)
  if version and at > tonumber(expiry) and redis.call('EXISTS', base .. 'persist:' .. id) == 1 then
    return version, indexes
  end
  return 0, indexes
end
local function leave(base, indexes, id)
  for name in string.gmatch(indexes or '', '%S+') do redis.call('ZREM', base .. 'index:' .. name, id) end
end
local function forget(catalog, all, base, id)
  local _, _, indexes = entry_of(catalog, id)
  leave(base, indexes, id)
  redis.call('HDEL', catalog, id)
  redis.call('ZREM', all, id)
  redis.call('DEL', base .. 'hot:' .. id, base .. 'persist:' .. id)
end
local function promote(base, id, ttl)
  local body = redis.call('GET', base .. 'persist:' .. id)
  if not body then return nil end
  local rest = redis.call('PTTL', base .. 'persist:' .. id)
  if rest < 0 or rest > tonumber(ttl) then rest = ttl end
  if tonumber(rest) > 0 then redis.call('SET', base .. 'hot:' .. id, body, 'PX', rest) end
  return body
end
local function current_of(key, catalog, base, expiry, ttl)
  while true do
    local id = redis.call('ZREVRANGE', key, 0, 0)[1]
    if not id then return nil end
    if version_of(catalog, base, id, expiry) > 0 then
      local body = redis.call('GET', base .. 'hot:' .. id)
      if body then return {body, 'hot'} end
      return {promote(base, id, ttl), 'persistent'}
    end
    redis.call('ZREM', key, id)
  end
end`;

/**
 * KEYS: catalog, all. ARGV: base, expiry, hot life, persistent life, id, expected version, body, last activity,
 * creation, the names of the indexes separated by spaces.
 */
const SAVE = `
local function save()
  local base, id, indexes = ARGV[1], ARGV[5], ARGV[10]
  local version, former = version_of(KEYS[1], base, id, ARGV[2])
  if version ~= tonumber(ARGV[6]) then return 0 end
  if former and former ~= indexes then
    for name in string.gmatch(former, '%S+') do
      if not string.find(' ' .. indexes .. ' ', ' ' .. name .. ' ', 1, true) then
        redis.call('ZREM', base .. 'index:' .. name, id)
      end
    end
  end
  redis.call('SET', base .. 'hot:' .. id, ARGV[7], 'PX', ARGV[3])
  redis.call('SET', base .. 'persist:' .. id, ARGV[7], 'PX', ARGV[4])
  redis.call('HSET', KEYS[1], id, string.format('%d %s %s', version + 1, ARGV[8], indexes))
  redis.call('ZADD', KEYS[2], ARGV[8], id)
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
  redis.call('PEXPIRE', KEYS[2], ARGV[4])
  for name in string.gmatch(indexes, '%S+') do
    local score = ARGV[8]
    if string.sub(name, 1, 8) == 'current:' then score = ARGV[9] end
    redis.call('ZADD', base .. 'index:' .. name, score, id)
    redis.call('PEXPIRE', base .. 'index:' .. name, ARGV[4])
  end
  return 1
end`;

/** Answers 1, or 0 when another version is stored than the expected one. */
export const SAVE_SESSION = redisScript(`${LIBRARY}${SAVE}
return save()`);

/** As to save, with the index of the place as third key. Answers the current session and its tier, or as to save. */
export const OPEN_SESSION = redisScript(`${LIBRARY}${SAVE}
local current = current_of(KEYS[3], KEYS[1], ARGV[1], ARGV[2], ARGV[3])
if current then return current end
return save()`);

/** KEYS: catalog, index of the place. ARGV: base, expiry, hot life. Answers the session and its tier, or nothing. */
export const GET_CURRENT = redisScript(`${LIBRARY}
return current_of(KEYS[2], KEYS[1], ARGV[1], ARGV[2], ARGV[3])`);

/** KEYS: catalog. ARGV: base, expiry, hot life, id. Makes the session hot, and answers it. */
export const PROMOTE_SESSION = redisScript(`${LIBRARY}
if version_of(KEYS[1], ARGV[1], ARGV[4], ARGV[2]) == 0 then return nil end
return promote(ARGV[1], ARGV[4], ARGV[3])`);

/** KEYS: catalog. ARGV: base, expiry, id. Answers whether the session was hot. */
export const DEMOTE_SESSION = redisScript(`${LIBRARY}
local was_hot = redis.call('DEL', ARGV[1] .. 'hot:' .. ARGV[3])
if version_of(KEYS[1], ARGV[1], ARGV[3], ARGV[2]) == 0 then return 0 end
return was_hot`);

/** KEYS: catalog, all. ARGV: base, expiry, id. Answers whether the session existed. */
export const DELETE_SESSION = redisScript(`${LIBRARY}
local version = version_of(KEYS[1], ARGV[1], ARGV[3], ARGV[2])
forget(KEYS[1], KEYS[2], ARGV[1], ARGV[3])
return version > 0 and 1 or 0`);

/** KEYS: catalog, all. ARGV: base, expiry, limit. Answers how many expired sessions it removed, the oldest first. */
export const REMOVE_EXPIRED = redisScript(`${LIBRARY}
local ids = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[2], 'LIMIT', 0, ARGV[3])
for _, id in ipairs(ids) do forget(KEYS[1], KEYS[2], ARGV[1], id) end
return #ids`);

/** KEYS: catalog, all, and the indexes that name them. ARGV: base, expiry, ids. Forgets those whose copies are gone. */
export const PRUNE_SESSIONS = redisScript(`${LIBRARY}
for i = 3, #ARGV do
  if redis.call('EXISTS', ARGV[1] .. 'persist:' .. ARGV[i]) == 0 then
    forget(KEYS[1], KEYS[2], ARGV[1], ARGV[i])
    for k = 3, #KEYS do redis.call('ZREM', KEYS[k], ARGV[i]) end
  end
end
return 0`);

/**
 * KEYS: indexes of which no two name the same session. ARGV: base, expiry, limit, and the position to go on after: its
 * moment or '', and its id. Answers ids and moments, latest first, then by id, descending.
 */
export const SELECT_SESSIONS = redisScript(`
local limit, after = tonumber(ARGV[3]), tonumber(ARGV[4])
local found = {}
for k = 1, #KEYS do
  local taken, offset = 0, 0
  repeat
    local part = redis.call('ZREVRANGEBYSCORE', KEYS[k], after and ARGV[4] or '+inf', '(' .. ARGV[2],
      'WITHSCORES', 'LIMIT', offset, limit)
    for i = 1, #part, 2 do
      local at = tonumber(part[i + 1])
      if taken < limit and (not after or at < after or part[i] < ARGV[5]) then
        taken = taken + 1
        found[#found + 1] = {part[i], at}
      end
    end
    offset = offset + limit
  until taken >= limit or #part < 2 * limit
end
table.sort(found, function(a, b)
  if a[2] ~= b[2] then return a[2] > b[2] end
  return a[1] > b[1]
end)
local answer = {}
for i = 1, math.min(limit, #found) do
  answer[2 * i - 1] = found[i][1]
  answer[2 * i] = string.format('%.0f', found[i][2])
end
return answer`);
