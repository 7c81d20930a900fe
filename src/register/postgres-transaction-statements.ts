import type { SqlStatement } from "../storage/postgres/sql-database.ts";
import { type IndexedTransaction, SEAL_LOOKUPS_MAX, type TransactionFilter } from "./register-store.ts";

/** How the transaction `t` is selected. */
const TRANSACTION = `encode(t.tx_id, 'hex') as "txId", t.height::text as height, t.position, t.event_id as "eventId", t.type,
  encode(t.subject, 'hex') as subject, t.subject_id as "subjectId"`;

export type TransactionRow = Omit<IndexedTransaction, "height"> & { readonly height: string };

export function transactionOf(row: TransactionRow): IndexedTransaction {
  return { ...row, height: BigInt(row.height) };
}

export const FIND_TRANSACTION: SqlStatement = {
  name: "register_find",
  text: `select ${TRANSACTION} from register_transactions t where t.tenant_id = $1 and t.tx_id = decode($2, 'hex')`,
};

/** The first about each of the events $2. */
export const FIND_BY_EVENTS = firstAboutEach("register_find_by_events", "event_id = wanted.id", "uuid[]");
/** The first about each of the items $2. */
export const FIND_BY_SUBJECT_IDS = firstAboutEach(
  "register_find_by_subject_ids",
  'subject_id = wanted.id collate "C"',
  "text[]",
);

/** There may be many about each; the index has them in their order, so one look is enough. */
function firstAboutEach(name: string, condition: string, type: string): SqlStatement {
  return {
    name,
    text: `select ${TRANSACTION} from unnest($2::${type}) as wanted(id) cross join lateral (
        select * from register_transactions f where f.tenant_id = $1 and f.${condition}
        order by f.height, f.position limit 1
      ) t`,
  };
}

const SAID = `jsonb_to_recordset($3::jsonb) as s("txId" text, height bigint, position integer, "eventId" uuid, type text,
  subject text, "subjectId" text)`;

/**
 * $2 the heights, each once, $3 their transactions. What an event is about is compared when the transaction or the journal
 * says it.
 */
export const FIND_MISINDEXED: SqlStatement = {
  name: "register_find_misindexed",
  text: `with indexed as materialized (
      select f.* from unnest($2::bigint[]) as wanted(height) cross join lateral (
        select * from register_transactions i where i.tenant_id = $1 and i.height = wanted.height
        order by i.height, i.position limit ${SEAL_LOOKUPS_MAX + 1}
      ) f
    ), said as materialized (
      select s.*, a.subject_id as about from ${SAID} left join lateral (
        select * from audit_events e where e.tenant_id = $1 and e.id = s."eventId" limit 1
      ) a on true
    )
    select distinct coalesce(s.height, i.height) as place, coalesce(s.height, i.height)::text as height
    from said s full join indexed i on i.height = s.height and i.position = s.position
    where i.tx_id is distinct from decode(s."txId", 'hex') or i.event_id is distinct from s."eventId"
      or i.type is distinct from s.type or i.subject is distinct from decode(s.subject, 'hex')
      or i.subject_id is distinct from coalesce(s."subjectId", s.about, i.subject_id)
    order by place`,
};

/** $2 the height, $3 the ids: what the index says of the docket or of a transaction. */
export const DROP_INDEXED: SqlStatement = {
  name: "register_drop_indexed",
  text: `delete from register_transactions t where t.tenant_id = $1
    and (t.height = $2::bigint or t.tx_id = any (array(select decode(id, 'hex') from unnest($3::text[]) as given(id))))`,
};

/**
 * $2 the limit, $3 and $4 the place to come after, then the pseudonym and the type, if they are in the filter. With both,
 * those of the subject are read and no index is asked for the type, which many more share.
 */
export function listStatement(filter: TransactionFilter): SqlStatement {
  const bySubject = filter.subject === undefined ? "" : " and t.subject = decode($5, 'hex')";
  const byType = filter.type === undefined ? "" : bySubject ? " and t.type || '' = $6" : " and t.type = $5";
  return {
    name: `register_list${bySubject && "_subject"}${byType && "_type"}`,
    text: `select ${TRANSACTION} from register_transactions t
      where t.tenant_id = $1 and (t.height, t.position) > ($3::bigint, $4::integer)${bySubject}${byType}
      order by t.height, t.position limit $2`,
  };
}
