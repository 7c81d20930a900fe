import { EVENT_JSON } from "../audit/postgres-audit-store.ts";
import type { SqlStatement } from "../storage/postgres/sql-database.ts";
import { MAX_TREE_SIZE } from "./merkle/tree-hash.ts";

/*
 * The statements about one register: $1 is the tenant. Heights and the like travel as text: the driver would round them.
 *
 * Plans are made before the tables have statistics, and kept. Where a planner that knows nothing might read all rows of
 * the tenant, a statement leaves it no choice: sub-selects with a limit are looked up row by row, those with one value
 * are never hashed, and rows compared as a whole are read in the order of their index.
 */

const REGISTER = `json_build_object('registerId', r.register_id, 'kind', r.kind, 'createdAt', r.created_at) as register`;

export const GET_REGISTER: SqlStatement = {
  name: "register_get",
  text: `select ${REGISTER} from registers r where r.tenant_id = $1`,
};

/** $2 the id, $3 the kind, $4 when. Does nothing and returns nothing where there is one. */
export const INIT_REGISTER: SqlStatement = {
  name: "register_init",
  text: `insert into registers as r (tenant_id, register_id, kind, created_at) values ($1, $2, $3, $4)
    on conflict (tenant_id) do nothing returning ${REGISTER}`,
};

/**
 * $2 the holder, $3 now, $4 until, $5 how far a lease can last that was taken by a clock that is right. Who comes second waits
 * for the first and sees what he left.
 */
export const ACQUIRE_LEASE: SqlStatement = {
  name: "register_acquire_lease",
  text: `update registers set lease_holder = $2, lease_until = $4,
      lease_epoch = lease_epoch + case when lease_holder = $2 and lease_until > $3 and lease_until <= $5 then 0 else 1 end
    where tenant_id = $1 and (lease_holder is null or lease_holder = $2 or lease_until <= $3 or lease_until > $5)
    returning lease_epoch::text as epoch`,
};

export const RELEASE_LEASE: SqlStatement = {
  name: "register_release_lease",
  text: `update registers set lease_holder = null, lease_until = null where tenant_id = $1 and lease_holder = $2`,
};

/** $2 the limit. */
export const LIST_UNSEALED: SqlStatement = {
  name: "register_list_unsealed",
  text: `select ${EVENT_JSON}
    from (
      select o.sequence from unsealed_events o
      where (o.tenant_id, o.sequence) >= ($1::uuid, 0) and (o.tenant_id, o.sequence) <= ($1::uuid, ${MAX_TREE_SIZE})
      order by o.tenant_id, o.sequence limit $2
    ) u cross join lateral (
      select * from audit_events a where a.tenant_id = $1 and a.sequence = u.sequence limit 1
    ) e
    order by u.sequence`,
};

const isIndexed = (height: string): string =>
  `(select true from register_dockets d where d.tenant_id = $1 and d.height = ${height} limit 1)`;

const insertNodes = (nodes: string): string =>
  `insert into register_nodes (tenant_id, level, index, hash)
      select $1, n.level, n.index, decode(n.hash, 'hex')
      from jsonb_to_recordset(${nodes}::jsonb) as n(level smallint, index bigint, hash text)`;

/**
 * $2 the height, $3 the transactions, $4 the ids of their events, $5 the nodes. What an event is about says the journal, unless
 * the transaction does. The count of dockets without a gap goes
 * on over those that came before their turn; where it stands, one look at the next height is all there is to it.
 */
export const INDEX_DOCKET: SqlStatement = {
  name: "register_index",
  text: `with recursive docket as (
      insert into register_dockets (tenant_id, height) values ($1, $2::bigint) on conflict do nothing
    ), events as (
      select e.* from (select distinct id from unnest($4::uuid[]) as given(id)) named cross join lateral (
        select a.id, a.sequence, a.subject_id from audit_events a where a.tenant_id = $1 and a.id = named.id limit 1
      ) e
    ), transactions as (
      insert into register_transactions (tenant_id, tx_id, height, position, event_id, type, subject, subject_id)
      select $1, decode(t."txId", 'hex'), $2::bigint, t.position, t."eventId", t.type, decode(t.subject, 'hex'),
        coalesce(t."subjectId", e.subject_id)
      from jsonb_to_recordset($3::jsonb) as t("txId" text, position integer, "eventId" uuid, type text, subject text,
        "subjectId" text)
      left join events e on e.id = t."eventId"
      on conflict do nothing
    ), sealed as (
      delete from unsealed_events u
      where u.tenant_id = $1 and u.sequence = any (array(select e.sequence from events e))
    ), nodes as (
      ${insertNodes("$5")}
      on conflict do nothing
    ), counted (height) as (
      select indexed_count from registers where tenant_id = $1
      union all
      select c.height + 1 from counted c where c.height = $2::bigint or ${isIndexed("c.height")}
    )
    update registers r set indexed_count = c.height
    from (select max(height) as height from counted) c where r.tenant_id = $1 and r.indexed_count < c.height`,
};

/** A count that stands still is gone on with: a docket may be in the index without a register. */
export const COUNT_INDEXED: SqlStatement = {
  name: "register_indexed_count",
  text: `with recursive counted (height) as (
      select coalesce((select indexed_count from registers where tenant_id = $1), 0)
      union all
      select c.height + 1 from counted c where ${isIndexed("c.height")}
    )
    select max(height)::text as count from counted`,
};

/** $2 the limit, $3 the size to come before, inclusive. */
export const LIST_CHECKPOINTS: SqlStatement = {
  name: "register_list_checkpoints",
  text: `select json_build_object('size', c.size::text, 'note', c.note, 'signedAt', c.signed_at) as checkpoint
    from register_checkpoints c where c.tenant_id = $1 and c.size <= $3::bigint order by c.size desc limit $2`,
};

export const ADD_CHECKPOINT: SqlStatement = {
  name: "register_add_checkpoint",
  text: `insert into register_checkpoints (tenant_id, size, note, signed_at) values ($1, $2, $3, $4)
    on conflict do nothing`,
};

/** $2 the levels, $3 the indexes. */
export const GET_NODES: SqlStatement = {
  name: "register_nodes",
  text: `select n.level, n.index::text as index, encode(n.hash, 'hex') as hash
    from unnest($2::smallint[], $3::bigint[]) as wanted(level, index) cross join lateral (
      select * from register_nodes s where s.tenant_id = $1 and s.level = wanted.level and s.index = wanted.index limit 1
    ) n`,
};

/** $2 the nodes. */
export const PUT_NODES: SqlStatement = {
  name: "register_put_nodes",
  text: `${insertNodes("$2")}
    on conflict (tenant_id, level, index) do update set hash = excluded.hash`,
};

/** $2 the ids, each once. */
export const GET_SECRETS: SqlStatement = {
  name: "register_get_secrets",
  text: `select s.subject_id as "subjectId", s.wrapped from unnest($2::uuid[]) as wanted(id) cross join lateral (
      select * from register_subjects k where k.tenant_id = $1 and k.subject_id = wanted.id limit 1
    ) s where s.wrapped is not null`,
};

/**
 * $2 the ids, each once, $3 the secrets. Rows that are there are written as they are, because only what is written is
 * seen as it is now; all callers lock them in the same order.
 */
export const INIT_SECRETS: SqlStatement = {
  name: "register_init_secrets",
  text: `with kept as (
      insert into register_subjects as s (tenant_id, subject_id, wrapped)
      select $1, n.subject_id, n.wrapped from unnest($2::uuid[], $3::text[]) as n(subject_id, wrapped) order by n.subject_id
      on conflict (tenant_id, subject_id) do update set wrapped = s.wrapped
      returning s.subject_id, s.wrapped
    )
    select subject_id as "subjectId", wrapped from kept where wrapped is not null`,
};

/** $2 the id, $3 when. Returns a row if it changed one, and whether that was there; a new row was never deleted. */
export const DESTROY_SECRET: SqlStatement = {
  name: "register_destroy_secret",
  text: `insert into register_subjects as s (tenant_id, subject_id, wrapped, destroyed_at) values ($1, $2, null, $3)
    on conflict (tenant_id, subject_id) do update set wrapped = null, destroyed_at = excluded.destroyed_at
      where s.wrapped is not null
    returning s.xmax <> 0 as existed`,
};
