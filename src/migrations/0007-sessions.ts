import { isolateByTenant, type Migration } from "./migration.ts";

/**
 * The body is the session as its readers get it; the columns beside it are what sessions are found by. The step is
 * named while an active session stands at one.
 */
export const sessions: Migration = {
  version: 7,
  name: "sessions",
  up: `
    create table sessions (
      tenant_id uuid not null,
      id uuid not null,
      agent_id uuid not null,
      channel text collate "C" not null,
      channel_user_id text collate "C" not null,
      customer_id uuid,
      status text not null,
      scenario_id uuid,
      scenario_version integer,
      step_content_hash text collate "C",
      step_name text collate "C",
      version integer not null,
      created_at timestamptz(3) not null,
      last_activity_at timestamptz(3) not null,
      body json not null,
      constraint sessions_pkey primary key (tenant_id, id),
      constraint sessions_tenant_fkey foreign key (tenant_id) references tenants (id) on delete restrict,
      constraint sessions_status_check check (status in ('active', 'idle', 'processing', 'interrupted', 'closed')),
      constraint sessions_version_check check (version > 0),
      constraint sessions_step_check check
        (num_nulls(scenario_id, scenario_version, step_content_hash, step_name) in (0, 4))
    );
    create index sessions_agent_idx on sessions (tenant_id, agent_id, last_activity_at, id);
    create index sessions_customer_idx on sessions (tenant_id, customer_id, last_activity_at, id)
      where customer_id is not null;
    create index sessions_channel_idx on sessions (tenant_id, channel, channel_user_id, last_activity_at, id);
    create index sessions_step_idx on sessions
      (tenant_id, scenario_id, scenario_version, step_content_hash, last_activity_at, id)
      where step_content_hash is not null;
    create index sessions_expiry_idx on sessions (tenant_id, last_activity_at, id);
    ${isolateByTenant("sessions")}
  `,
  down: "drop table sessions;",
};
