const BOUNDARY = "----strongroom-test-boundary";

export interface Part {
  readonly name: string;
  /** Makes it a file part. */
  readonly filename?: string;
  readonly type?: string;
  readonly content: string | Buffer;
}

/** A multipart/form-data body with the parts in this order. */
export function multipart(parts: readonly Part[]): { payload: Buffer; headers: Record<string, string> } {
  const chunks = parts.flatMap(({ name, filename, type, content }) => {
    const file = filename === undefined ? "" : `; filename="${filename}"`;
    const contentType = type === undefined ? "" : `content-type: ${type}\r\n`;
    const head = `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"${file}\r\n${contentType}\r\n`;
    return [Buffer.from(head), Buffer.from(content), Buffer.from("\r\n")];
  });
  return {
    payload: Buffer.concat([...chunks, Buffer.from(`--${BOUNDARY}--\r\n`)]),
    headers: { "content-type": `multipart/form-data; boundary=${BOUNDARY}` },
  };
}

export interface UploadOptions {
  readonly bytes: string | Buffer;
  readonly metadata?: object;
  readonly type?: string;
}

/** The body of an upload as most clients send it: the metadata first. */
export function uploadBody({ bytes, metadata = {}, type = "image/png" }: UploadOptions) {
  const described = { name: "card", assetType: "image", ...metadata };
  return multipart([
    { name: "metadata", content: JSON.stringify(described) },
    { name: "file", filename: "card.png", type, content: bytes },
  ]);
}
