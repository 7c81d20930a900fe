import { isolateByTenant, isolateByTenantOrPlatform, type Migration } from "./migration.ts";

/*
 * Every event is written down as unsealed with the event itself, whoever appends it. Positions in the journal are given
 * out before commits, so no position read from it would be one that all events before it have been seen at.
 *
 * The owner is bound by the isolation of the journal too, and lifts it to take in the events of all tenants.
 */
const UNSEALED_EVENTS = `
  create table unsealed_events (
    tenant_id uuid not null,
    sequence bigint not null,
    appended_at timestamptz(3) not null,
    constraint unsealed_events_pkey primary key (tenant_id, sequence)
  );
  alter table audit_events no force row level security;
  insert into unsealed_events (tenant_id, sequence, appended_at) select tenant_id, sequence, timestamp from audit_events;
  alter table audit_events force row level security;
  ${isolateByTenantOrPlatform("unsealed_events", "select, insert, delete")}
  create function audit_events_are_unsealed() returns trigger language plpgsql as $$
    begin
      insert into unsealed_events (tenant_id, sequence, appended_at) select tenant_id, sequence, timestamp from added;
      return null;
    end
  $$;
  create trigger audit_events_unsealed after insert on audit_events referencing new table as added
    for each statement execute function audit_events_are_unsealed();
`;

/*
 * What is looked up of the dockets, which are in the logs. A transaction is indexed where it is met first, so no two
 * are at one place.
 */
const INDEX = `
  create table register_dockets (
    tenant_id uuid not null,
    height bigint not null,
    constraint register_dockets_pkey primary key (tenant_id, height),
    constraint register_dockets_height_check check (height >= 0)
  );
  ${isolateByTenant("register_dockets", "select, insert")}

  create table register_transactions (
    tenant_id uuid not null,
    tx_id bytea not null,
    height bigint not null,
    position integer not null,
    event_id uuid,
    type text collate "C" not null,
    subject bytea,
    subject_id text collate "C",
    constraint register_transactions_pkey primary key (tenant_id, tx_id),
    constraint register_transactions_place_key unique (tenant_id, height, position),
    constraint register_transactions_tx_id_check check (octet_length(tx_id) = 32),
    constraint register_transactions_subject_check check (octet_length(subject) = 32)
  );
  create index register_transactions_event_idx on register_transactions (tenant_id, event_id, height, position)
    where event_id is not null;
  create index register_transactions_type_idx on register_transactions (tenant_id, type, height, position);
  create index register_transactions_subject_idx on register_transactions (tenant_id, subject, height, position)
    where subject is not null;
  create index register_transactions_subject_id_idx on register_transactions (tenant_id, subject_id, height, position)
    where subject_id is not null;
  ${isolateByTenant("register_transactions", "select, insert, delete")}

  create table register_nodes (
    tenant_id uuid not null,
    level smallint not null,
    index bigint not null,
    hash bytea not null,
    constraint register_nodes_pkey primary key (tenant_id, level, index),
    constraint register_nodes_hash_check check (octet_length(hash) = 32)
  );
  ${isolateByTenant("register_nodes", "select, insert, update")}
`;

const RANGES = `
  create table register_ranges (
    tenant_id uuid not null,
    id uuid not null,
    version bigint not null,
    start_height bigint not null,
    end_height bigint not null,
    type text not null,
    details text not null,
    transaction_ids jsonb not null,
    detected_at timestamptz(3) not null,
    attempts integer not null,
    last_attempt_at timestamptz(3),
    status text not null,
    message text,
    constraint register_ranges_pkey primary key (tenant_id, id),
    constraint register_ranges_heights_check check (start_height >= 0 and end_height >= start_height),
    constraint register_ranges_type_check check (type in
      ('InvalidDocketHash', 'BrokenChainLink', 'InvalidTransactionSignature', 'MissingData', 'MalformedData')),
    constraint register_ranges_attempts_check check (attempts >= 0),
    constraint register_ranges_status_check check (status in
      ('Pending', 'InProgress', 'Succeeded', 'Failed', 'Abandoned'))
  );
  create index register_ranges_place_idx on register_ranges (tenant_id, start_height, id);
  ${isolateByTenant("register_ranges")}
`;

/** What the vault keeps about registers beside the ledgers. */
export const register: Migration = {
  version: 9,
  name: "register",
  up: `
    create table registers (
      tenant_id uuid not null,
      register_id text not null,
      kind text not null,
      created_at timestamptz(3) not null,
      lease_holder text,
      lease_epoch bigint not null default 0,
      lease_until timestamptz(3),
      indexed_count bigint not null default 0,
      constraint registers_pkey primary key (tenant_id),
      constraint registers_id_check check (register_id ~ '^[0-9a-f]{32}$'),
      constraint registers_kind_check check (kind in ('own', 'replica')),
      constraint registers_lease_check check ((lease_holder is null) = (lease_until is null))
    );
    ${isolateByTenantOrPlatform("registers", "select, insert, update")}

    ${UNSEALED_EVENTS}
    ${INDEX}

    create table register_checkpoints (
      tenant_id uuid not null,
      size bigint not null,
      note text not null,
      signed_at timestamptz(3) not null,
      constraint register_checkpoints_pkey primary key (tenant_id, size),
      constraint register_checkpoints_size_check check (size >= 0)
    );
    ${isolateByTenant("register_checkpoints", "select, insert")}

    create table register_subjects (
      tenant_id uuid not null,
      subject_id uuid not null,
      wrapped text,
      destroyed_at timestamptz(3),
      constraint register_subjects_pkey primary key (tenant_id, subject_id),
      constraint register_subjects_destroyed_check check ((wrapped is null) = (destroyed_at is not null))
    );
    ${isolateByTenant("register_subjects", "select, insert, update")}

    ${RANGES}
  `,
  down: `
    drop table register_ranges;
    drop table register_subjects;
    drop table register_checkpoints;
    drop table register_nodes;
    drop table register_transactions;
    drop table register_dockets;
    drop trigger audit_events_unsealed on audit_events;
    drop function audit_events_are_unsealed();
    drop table unsealed_events;
    drop table registers;
  `,
};
