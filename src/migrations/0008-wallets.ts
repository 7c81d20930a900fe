import { isolateByTenant, type Migration } from "./migration.ts";

/** Private keys are in `wallet_keys` alone, wrapped with the tenant's key. No key and no grant is ever deleted. */
export const wallets: Migration = {
  version: 8,
  name: "wallets",
  up: `
    create table wallets (
      tenant_id uuid not null,
      id uuid not null,
      version bigint not null,
      name text not null,
      description text,
      algorithm text not null,
      key_id text collate "C" not null,
      public_key bytea not null,
      key_version integer not null,
      status text not null,
      purposes jsonb not null,
      system_role text,
      owner_id uuid,
      metadata jsonb not null,
      created_at timestamptz(3) not null,
      updated_at timestamptz(3) not null,
      constraint wallets_pkey primary key (tenant_id, id),
      constraint wallets_tenant_fkey foreign key (tenant_id) references tenants (id) on delete restrict,
      constraint wallets_name_check check (length(name) between 1 and 256),
      constraint wallets_description_check check (length(description) <= 1024),
      constraint wallets_status_check check (status in ('active', 'archived', 'locked', 'deleted')),
      constraint wallets_key_check check (key_version > 0 and key_id ~ '^[0-9a-f]{32}$'),
      constraint wallets_system_check check
        (system_role is null or (system_role in ('tx', 'checkpoint') and owner_id is null and status = 'active'))
    );
    create unique index wallets_system_role_key on wallets (tenant_id, system_role) where system_role is not null;
    create index wallets_owner_idx on wallets (tenant_id, owner_id, id);
    ${isolateByTenant("wallets", "select, insert, update")}

    create table wallet_keys (
      tenant_id uuid not null,
      id text collate "C" not null,
      version bigint not null,
      wallet_id uuid not null,
      key_version integer not null,
      algorithm text not null,
      public_key bytea not null,
      wrapped_private_key text not null,
      created_at timestamptz(3) not null,
      retired_at timestamptz(3),
      constraint wallet_keys_pkey primary key (tenant_id, id),
      constraint wallet_keys_version_key unique (tenant_id, wallet_id, key_version),
      constraint wallet_keys_wallet_fkey foreign key (tenant_id, wallet_id) references wallets (tenant_id, id),
      constraint wallet_keys_id_check check (id ~ '^[0-9a-f]{32}$')
    );
    ${isolateByTenant("wallet_keys", "select, insert, update")}

    create table wallet_grants (
      tenant_id uuid not null,
      id uuid not null,
      version bigint not null,
      wallet_id uuid not null,
      grantee uuid not null,
      access_right text not null,
      reason text,
      granted_by uuid,
      granted_at timestamptz(3) not null,
      expires_at timestamptz(3),
      revoked_at timestamptz(3),
      revoked_by uuid,
      constraint wallet_grants_pkey primary key (tenant_id, id),
      constraint wallet_grants_wallet_fkey foreign key (tenant_id, wallet_id) references wallets (tenant_id, id),
      constraint wallet_grants_right_check check (access_right in ('read', 'sign')),
      constraint wallet_grants_reason_check check (length(reason) <= 500),
      constraint wallet_grants_revoked_check check (revoked_at is not null or revoked_by is null)
    );
    create index wallet_grants_wallet_idx on wallet_grants (tenant_id, wallet_id, id);
    create index wallet_grants_active_idx on wallet_grants (tenant_id, grantee, wallet_id) where revoked_at is null;
    ${isolateByTenant("wallet_grants", "select, insert, update")}
  `,
  down: `
    drop table wallet_grants;
    drop table wallet_keys;
    drop table wallets;
  `,
};
