import type pg from "pg";
import { UuidV7Generator } from "../../src/identifiers.ts";

/** A new value of one field with one source. */
export interface HandWrite {
  readonly tenantId: string;
  readonly customerId: string;
  readonly name: string;
  readonly value: string;
  readonly sessionId: string;
}

interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: unknown[];
}

const ids = new UuidV7Generator();

/** What a careful user sends: the row locked, the old version ended, the new one with its edge, the journal, the header. */
function statementsOf(write: HandWrite): readonly Statement[] {
  const { tenantId, customerId, name, value, sessionId } = write;
  const id = ids.uuid();
  const at = new Date().toISOString();
  const data = { name, valueType: "string", source: "user_provided", sources: [{ type: "session", id: sessionId }] };
  return [
    {
      name: "hand_lock",
      text: "select version from customers where tenant_id = $1 and id = $2 and deleted_at is null for update",
      values: [tenantId, customerId],
    },
    {
      name: "hand_supersede",
      text: `update profile_fields set status = 'superseded', superseded_by_id = $4, superseded_at = $5, ended_at = $5
        where tenant_id = $1 and customer_id = $2 and name = $3 and status = 'active' and deleted_at is null returning id`,
      values: [tenantId, customerId, name, id, at],
    },
    {
      name: "hand_insert",
      text: `insert into profile_fields (tenant_id, id, customer_id, name, value, value_type, source, collected_at, recorded_at)
        values ($1, $2, $3, $4, $5, 'string', 'user_provided', $6, $6)`,
      values: [tenantId, id, customerId, name, JSON.stringify(value), at],
    },
    {
      name: "hand_source",
      text: `insert into item_sources (tenant_id, item_id, item_kind, position, source_type, source_ref)
        values ($1, $2, 'profile_field', 0, 'session', $3)`,
      values: [tenantId, id, sessionId],
    },
    {
      name: "hand_audit",
      text: `insert into audit_events (tenant_id, id, event_type, customer_id, subject_id, actor_type, event_data, timestamp)
        values ($1, $2, 'field_written', $3, $4, 'system', $5, $6)`,
      values: [tenantId, ids.uuid(), customerId, id, JSON.stringify(data), at],
    },
    {
      name: "hand_header",
      text: `update customers set version = version + 1, updated_at = $3, last_interaction_at = $3
        where tenant_id = $1 and id = $2`,
      values: [tenantId, customerId, at],
    },
  ];
}

/** One statement after the other, as most programs do: eight network turns. */
export async function writeByHand(client: pg.ClientBase, write: HandWrite): Promise<void> {
  await client.query("begin");
  for (const statement of statementsOf(write)) await client.query(statement);
  await client.query("commit");
}

/** All statements at once, without looking at any answer before the commit is on its way: one network turn. */
export async function writeByHandPipelined(client: pg.ClientBase, write: HandWrite): Promise<void> {
  await Promise.all([
    client.query("begin"),
    ...statementsOf(write).map((statement) => client.query(statement)),
    client.query("commit"),
  ]);
}
