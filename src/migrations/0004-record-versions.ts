import type { Migration } from "./migration.ts";

/** Tenants and API keys are records of a repository, which counts how often each was written. */
export const recordVersions: Migration = {
  version: 4,
  name: "record versions",
  up: `
    alter table tenants add column version bigint not null default 1;
    alter table api_keys add column version bigint not null default 1;
  `,
  down: `
    alter table api_keys drop column version;
    alter table tenants drop column version;
  `,
};
