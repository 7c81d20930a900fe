import type { SqlStatement } from "../storage/postgres/sql-database.ts";
import type { SessionSelector } from "./session-store.ts";

/* $1 is the tenant everywhere. Bodies come back as text, so that every driver leaves them as they were written. */

export interface BodyRow extends Readonly<Record<string, unknown>> {
  readonly body: string;
}

const COLUMNS = `agent_id, channel, channel_user_id, customer_id, status, scenario_id, scenario_version,
  step_content_hash, step_name, version, created_at, last_activity_at, body`;
const VALUES = "$3::uuid, $4, $5, $6::uuid, $7, $8::uuid, $9::int, $10, $11, $12::int, $13, $14, $15::json";

/** $2 id, $3 to $15 the columns, $16 the expiry: a session that has expired makes room. No row when the id exists. */
export const INSERT_SESSION: SqlStatement = {
  name: "sessions_insert",
  text: `insert into sessions as s (tenant_id, id, ${COLUMNS}) values ($1, $2, ${VALUES})
    on conflict (tenant_id, id) do update set (${COLUMNS}) = (${excluded(COLUMNS)})
      where s.last_activity_at <= $16::timestamptz
    returning true as saved`,
};

/** As for the insert. No row when the stored version is not the one before $12, or the session has expired. */
export const UPDATE_SESSION: SqlStatement = {
  name: "sessions_update",
  text: `update sessions s set (${COLUMNS}) = (${VALUES})
    where s.tenant_id = $1 and s.id = $2 and s.version = $12::int - 1 and s.last_activity_at > $16::timestamptz
    returning true as saved`,
};

function excluded(columns: string): string {
  return columns.replace(/\w+/g, (column) => `excluded.${column}`);
}

export const GET_SESSION: SqlStatement = {
  name: "sessions_get",
  text: "select s.body::text as body from sessions s where s.tenant_id = $1 and s.id = $2 and s.last_activity_at > $3",
};

/** $2 agent, $3 channel, $4 user, $5 the expiry. */
export const GET_CURRENT_SESSION: SqlStatement = {
  name: "sessions_get_current",
  text: `select s.body::text as body from sessions s
    where s.tenant_id = $1 and s.agent_id = $2 and s.channel = $3 and s.channel_user_id = $4
      and s.last_activity_at > $5 and s.status <> 'closed'
    order by s.created_at desc, s.id desc limit 1`,
};

/** Of a place; held until the transaction ends. Two places may share a lock, and wait for each other without need. */
export const LOCK_PLACE: SqlStatement = {
  name: "sessions_lock_place",
  text: `select pg_advisory_xact_lock(
    hashtextextended('strongroom.sessions ' || $1::text || $2::text || $3::text || $4::text, 0))`,
};

/** $3 is the expiry. */
export const DELETE_SESSION: SqlStatement = {
  name: "sessions_delete",
  text: `delete from sessions s where s.tenant_id = $1 and s.id = $2
    returning s.last_activity_at > $3::timestamptz as existed`,
};

/** $2 the expiry, $3 and $4 the position to go on after, $5 the limit, $6 a status or null, from $7 on the selector. */
export const LIST_SESSIONS: Readonly<Record<SessionSelector["by"], SqlStatement>> = {
  agent: listWhere("agent", "s.agent_id = $7"),
  customer: listWhere("customer", "s.customer_id = $7"),
  channel: listWhere("channel", "s.channel = $7 and s.channel_user_id = $8"),
};

function listWhere(name: string, isSelected: string): SqlStatement {
  return {
    name: `sessions_list_by_${name}`,
    text: `select s.body::text as body from sessions s
      where s.tenant_id = $1 and ${isSelected} and s.last_activity_at > $2
        and (s.last_activity_at, s.id) < ($3::timestamptz, $4::uuid) and ($6::text is null or s.status = $6)
      order by s.last_activity_at desc, s.id desc limit $5`,
  };
}

/**
 * As for the lists, with $6 scenario, $7 version, $8 hash; $9 and $10 the channels included and excluded, $11 and $12
 * the names of steps, and $13 and $14 after which moment and by which they were created; null for any.
 */
export const FIND_BY_STEP: SqlStatement = {
  name: "sessions_find_by_step",
  text: `select s.body::text as body from sessions s
    where s.tenant_id = $1 and s.scenario_id = $6 and s.scenario_version = $7::int and s.step_content_hash = $8
      and s.last_activity_at > $2 and (s.last_activity_at, s.id) < ($3::timestamptz, $4::uuid)
      and ($9::text[] is null or s.channel = any ($9)) and ($10::text[] is null or s.channel <> all ($10))
      and ($11::text[] is null or s.step_name = any ($11)) and ($12::text[] is null or s.step_name <> all ($12))
      and ($13::timestamptz is null or s.created_at > $13) and ($14::timestamptz is null or s.created_at <= $14)
    order by s.last_activity_at desc, s.id desc limit $5`,
};

/** $2 the expiry, $3 the limit. */
export const REMOVE_EXPIRED: SqlStatement = {
  name: "sessions_remove_expired",
  text: `with due as (
      select id from sessions where tenant_id = $1 and last_activity_at <= $2
      order by last_activity_at, id limit $3 for update skip locked
    ), removed as (
      delete from sessions s using due where s.tenant_id = $1 and s.id = due.id returning 1
    )
    select count(*)::int as removed from removed`,
};

export const PING: SqlStatement = { name: "sessions_ping", text: "select 1 as alive" };
