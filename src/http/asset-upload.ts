import multipart, { type MultipartFile } from "@fastify/multipart";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { z } from "zod";
import { invariant, VaultError } from "../errors.ts";
import { StagedUpload } from "../profiles/staged-upload.ts";
import type { TenantVault } from "../vault/tenant-vault.ts";
import { parseJsonText } from "./json-body-parser.ts";
import { invalidRequest } from "./request-validation.ts";
import { assetUploadInput } from "./schemas/asset-schemas.ts";

const METADATA_BYTES_MAX = 64 * 1024;

/** What a multipart body becomes before the route sees it. */
export interface AssetUploadBody {
  readonly metadata: z.output<typeof assetUploadInput>;
  /** Media type of the file part. */
  readonly mimeType: string;
  readonly upload: StagedUpload;
}

export function isAssetUpload(body: unknown): body is AssetUploadBody {
  return typeof body === "object" && body !== null && "upload" in body && body.upload instanceof StagedUpload;
}

export async function useMultipartBodies(app: FastifyInstance): Promise<void> {
  await app.register(multipart, { limits: { files: 1, fields: 1, parts: 2, fieldSize: METADATA_BYTES_MAX } });
}

/**
 * Reads a multipart body with a JSON part `metadata` and a file part `file`, in any order, and stages the file while
 * it comes in. Whatever goes wrong, no bytes are left behind.
 */
export async function stageUpload(
  request: FastifyRequest,
  vault: TenantVault,
  sizeBytesMax: number,
): Promise<AssetUploadBody> {
  let metadata: AssetUploadBody["metadata"] | undefined;
  let file: Pick<AssetUploadBody, "mimeType" | "upload"> | undefined;
  try {
    for await (const part of request.parts({ limits: { fileSize: sizeBytesMax + 1 } })) {
      if (part.type === "file" && part.fieldname === "file") file = await stageFile(part, { vault, sizeBytesMax });
      else if (part.type === "field" && part.fieldname === "metadata") metadata = metadataOf(part.value);
      else throw partProblem(part.fieldname, "Unknown part; expected metadata and file.");
    }
    if (!metadata) throw partProblem("metadata", "The part is missing.");
    if (!file) throw partProblem("file", "The part is missing.");
    requireChecksum(metadata.checksum, file.upload);
    return { metadata, ...file };
  } catch (error) {
    if (file) await vault.assets.discard(file.upload);
    throw error;
  }
}

async function stageFile(
  part: MultipartFile,
  { vault, sizeBytesMax }: { vault: TenantVault; sizeBytesMax: number },
): Promise<Pick<AssetUploadBody, "mimeType" | "upload">> {
  const upload = await vault.assets.stage({ bytes: part.file, sizeBytesMax });
  invariant(!part.file.truncated, "the store refuses what the parser would cut");
  return { mimeType: part.mimetype, upload };
}

function metadataOf(value: unknown): AssetUploadBody["metadata"] {
  const parsed = assetUploadInput.safeParse(typeof value === "string" ? parseJsonText(value) : value);
  if (parsed.success) return parsed.data;
  throw invalidRequest(parsed.error, "body");
}

function requireChecksum(announced: string | undefined, upload: StagedUpload): void {
  if (announced === undefined || announced.toLowerCase() === upload.checksum) return;
  throw new VaultError("checksum_mismatch", "The bytes do not have the announced SHA-256.");
}

function partProblem(name: string, message: string): VaultError {
  return new VaultError("invalid_request", "The multipart body does not have the documented parts.", {
    errors: [{ path: `/${name.slice(0, 50)}`, code: "invalid_part", message }],
  });
}
