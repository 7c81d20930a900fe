import { redisScript } from "./redis-script.ts";

/*
 * Each script is one step. The generation, where it is among the keys, is the vault's one key that says which entries
 * are valid: its first 16 characters are the epoch that all keys of entries carry. A script that was called for another
 * epoch changes nothing and answers with the generation, so that its caller learns the new one and calls again.
 */

const IS_OF_EPOCH = `
local function is_of_epoch(key, epoch)
  local generation = redis.call('GET', key)
  return generation and string.sub(generation, 1, #epoch) == epoch, generation
end`;

/**
 * Stores an entry. KEYS: entry, its nonce; and on a single server: generation, the nonces of the tags that the lease
 * covers, the indexes of the entry's tags. ARGV: epoch, text, life in ms or '', lease's generation or '' without a
 * lease, lease's nonce, the key as the caller names it, the nonces of the lease's tags. Answers with the outcome and
 * the generation.
 */
export const SET_ENTRY = redisScript(
  `${IS_OF_EPOCH}
local generation = ARGV[4]
if KEYS[3] then
  local valid
  valid, generation = is_of_epoch(KEYS[3], ARGV[1])
  if not valid then return {'epoch', generation} end
end
local covered = #ARGV - 6
if ARGV[4] ~= '' then
  if generation ~= ARGV[4] or (redis.call('GET', KEYS[2]) or '') ~= ARGV[5] then return {'refused', generation} end
  for i = 1, covered do
    if (redis.call('GET', KEYS[3 + i]) or '') ~= ARGV[6 + i] then return {'refused', generation} end
  end
end
if ARGV[3] == '' then
  redis.call('SET', KEYS[1], ARGV[2])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
for i = 4 + covered, #KEYS do
  INDEX_MEMBER
end
return {'stored', generation}`.replace("INDEX_MEMBER", indexMember("KEYS[i]", "ARGV[6]", "ARGV[3]")),
);

/** Adds a key to the index of a tag, on the node of the tag. KEYS: index. ARGV: key, life in ms or ''. */
export const INDEX_ENTRY = redisScript(`${indexMember("KEYS[1]", "ARGV[1]", "ARGV[2]")}
return 1`);

/**
 * Members of an index are ordered by when their entries expire. Those that have are dropped on the way, and the index
 * lives as long as its last member.
 */
function indexMember(index: string, member: string, lifeMs: string): string {
  return `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('ZREMRANGEBYSCORE', ${index}, '-inf', now)
  local rest = redis.call('PTTL', ${index})
  if ${lifeMs} == '' then
    redis.call('ZADD', ${index}, '+inf', ${member})
    redis.call('PERSIST', ${index})
  else
    redis.call('ZADD', ${index}, string.format('%.0f', now + ${lifeMs}), ${member})
    if rest == -2 or (rest >= 0 and rest < tonumber(${lifeMs})) then redis.call('PEXPIRE', ${index}, ${lifeMs}) end
  end`;
}

/**
 * Removes entries and outdates leases of their keys. KEYS: an entry and its nonce, n times; on a single server also the
 * generation, and the index of the tag that entries must have to be removed. ARGV: n, epoch, a fresh nonce, its life in
 * ms, that tag or ''; with an index the n keys as callers name them. Answers with how many there were and the
 * generation.
 */
export const REMOVE_ENTRIES = redisScript(`${IS_OF_EPOCH}
local function has_tag(key, tag)
  if redis.call('TYPE', key).ok ~= 'string' then return false end
  local head = redis.call('GETRANGE', key, 0, 7)
  local length = tonumber(string.match(head, '^s1t(%d%d%d%d%d)$'))
  if not length then return false end
  local read, tags = pcall(cjson.decode, redis.call('GETRANGE', key, 8, 7 + length))
  if not read then return false end
  for _, each in ipairs(tags) do
    if each == tag then return true end
  end
  return false
end
local n = tonumber(ARGV[1])
local generation = false
if KEYS[2 * n + 1] then
  local valid
  valid, generation = is_of_epoch(KEYS[2 * n + 1], ARGV[2])
  if not valid then return {-1, generation} end
end
local count = 0
for i = 1, n do
  if ARGV[5] == '' or has_tag(KEYS[2 * i - 1], ARGV[5]) then
    count = count + redis.call('UNLINK', KEYS[2 * i - 1])
    redis.call('SET', KEYS[2 * i], ARGV[3], 'PX', ARGV[4])
  end
  if KEYS[2 * n + 2] then redis.call('ZREM', KEYS[2 * n + 2], ARGV[5 + i]) end
end
return {count, generation}`);

/**
 * Outdates all leases that were issued before, or those of a tag. KEYS: generation, and for a tag its nonce. ARGV:
 * epoch, nonce, its life in ms.
 */
export const RENEW_NONCE = redisScript(`${IS_OF_EPOCH}
local valid, generation = is_of_epoch(KEYS[1], ARGV[1])
if not valid then return {-1, generation} end
if KEYS[2] then
  redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
else
  generation = ARGV[1] .. ARGV[2]
  redis.call('SET', KEYS[1], generation)
end
return {0, generation}`);

/**
 * Adds to a counter. KEYS: counter. ARGV: delta, life in ms or ''. Answers with the sum as text, or `null` beyond the
 * safe integers.
 */
export const ADD_TO_COUNTER = redisScript(`
local current = tonumber(redis.call('GET', KEYS[1]) or nil)
local sum = (current or 0) + ARGV[1]
if sum > 9007199254740991 or sum < -9007199254740991 then return false end
if current then
  redis.call('INCRBY', KEYS[1], ARGV[1])
elseif ARGV[2] == '' then
  redis.call('SET', KEYS[1], ARGV[1])
else
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
return string.format('%.0f', sum)`);
