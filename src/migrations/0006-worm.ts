import { isolateByTenant, type Migration } from "./migration.ts";

const KEYS = "tenant_id, kind, log, sequence";

/**
 * The logs of the cold tier. Who owns the tables may remove the triggers, but cannot change a record by mistake; no
 * setting of a session turns them off, not even the one replicas use.
 */
export const worm: Migration = {
  version: 6,
  name: "worm",
  up: `
    create table worm_records (
      tenant_id uuid not null,
      kind text collate "C" not null,
      log text collate "C" not null,
      sequence bigint not null,
      sealed_at timestamptz(3) not null,
      previous_hash bytea,
      hash bytea not null,
      document bytea not null,
      indexed jsonb not null,
      constraint worm_records_pkey primary key (${KEYS}),
      constraint worm_records_sequence_check check (sequence >= 0),
      constraint worm_records_first_check check ((sequence = 0) = (previous_hash is null)),
      constraint worm_records_hash_check check (octet_length(hash) = 32 and octet_length(previous_hash) = 32),
      constraint worm_records_indexed_check check (jsonb_typeof(indexed) = 'object')
    );
    alter table worm_records alter column document set storage external;
    create function worm_records_refuse_change() returns trigger language plpgsql as $$
      begin
        raise exception 'Records of a log are never changed or removed' using errcode = 'restrict_violation';
      end
    $$;
    create trigger worm_records_append_only before update or delete or truncate on worm_records
      for each statement execute function worm_records_refuse_change();
    create trigger worm_records_immutable before update or delete on worm_records
      for each row execute function worm_records_refuse_change();
    alter table worm_records enable always trigger worm_records_append_only;
    alter table worm_records enable always trigger worm_records_immutable;
    ${isolateByTenant("worm_records", "select, insert")}
  `,
  down: `
    drop table worm_records;
    drop function worm_records_refuse_change();
  `,
};
