import { isolateByTenant, type Migration } from "./migration.ts";

/**
 * Documents of any shape. Row-level security keeps the planner from using indexes on expressions over `body`, so each
 * declared index gets a generated column when its collection is prepared.
 */
export const documents: Migration = {
  version: 5,
  name: "documents",
  up: `
    create table documents (
      tenant_id uuid not null,
      collection text collate "C" not null,
      id text collate "C" not null,
      version bigint not null,
      body jsonb not null,
      constraint documents_pkey primary key (tenant_id, collection, id),
      constraint documents_version_check check (version > 0),
      constraint documents_id_check check (jsonb_typeof(body) = 'object' and body ->> 'id' = id)
    );
    ${isolateByTenant("documents")}

    create function json_merge_patch(target jsonb, patch jsonb) returns jsonb
      language plpgsql immutable parallel safe as $$
      begin
        if jsonb_typeof(patch) <> 'object' then
          return patch;
        end if;
        return (
          select coalesce(jsonb_object_agg(name, member), '{}')
          from (
            select name, member
              from jsonb_each(case when jsonb_typeof(target) = 'object' then target else '{}' end) as kept (name, member)
              where not patch ? name
            union all
            select name, json_merge_patch(target -> name, member)
              from jsonb_each(patch) as given (name, member)
              where jsonb_typeof(member) <> 'null'
          ) as members
        );
      end
    $$;
  `,
  down: `
    drop function json_merge_patch(jsonb, jsonb);
    drop table documents;
  `,
};
