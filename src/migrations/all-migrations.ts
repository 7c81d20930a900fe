import { tenants } from "./0001-tenants.ts";
import { profiles } from "./0002-profiles.ts";
import { schema } from "./0003-schema.ts";
import { recordVersions } from "./0004-record-versions.ts";
import { documents } from "./0005-documents.ts";
import { worm } from "./0006-worm.ts";
import { sessions } from "./0007-sessions.ts";
import { wallets } from "./0008-wallets.ts";
import { register } from "./0009-register.ts";
import type { Migration } from "./migration.ts";

/** Every step of the schema, in order. A released step never changes; a new one goes to the end. */
export const ALL_MIGRATIONS: readonly Migration[] = [
  tenants,
  profiles,
  schema,
  recordVersions,
  documents,
  worm,
  sessions,
  wallets,
  register,
];
