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
