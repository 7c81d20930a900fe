import type { SqlStatement } from "../storage/postgres/sql-database.ts";
import type { IndexedTransaction, TransactionFilter } from "./register-store.ts";

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

/** Those with one of the events $2, the first of each at last. */
export const FIND_BY_EVENTS: SqlStatement = {
  name: "register_find_by_events",
  text: `select ${TRANSACTION} from register_transactions t where t.tenant_id = $1 and t.event_id = any ($2::uuid[])
    order by t.height desc, t.position desc`,
};

/** The first of each of the items $2, which are many fewer than the transactions about them. */
export const FIND_BY_SUBJECT_IDS: SqlStatement = {
  name: "register_find_by_subject_ids",
  text: `select ${TRANSACTION} from unnest($2::text[]) as wanted(subject_id)
    cross join lateral (
      select * from register_transactions f where f.tenant_id = $1 and f.subject_id = wanted.subject_id collate "C"
      order by f.height, f.position limit 1
    ) t`,
};

/** $2 the limit, $3 and $4 the place to come after, then the pseudonym and the type, if they are in the filter. */
export function listStatement(filter: TransactionFilter): SqlStatement {
  const bySubject = filter.subject === undefined ? "" : " and t.subject = decode($5, 'hex')";
  const byType = filter.type === undefined ? "" : ` and t.type = $${bySubject ? 6 : 5}`;
  return {
    name: `register_list${bySubject && "_subject"}${byType && "_type"}`,
    text: `select ${TRANSACTION} from register_transactions t
      where t.tenant_id = $1 and (t.height, t.position) > ($3::bigint, $4::integer)${bySubject}${byType}
      order by t.height, t.position limit $2`,
  };
}
