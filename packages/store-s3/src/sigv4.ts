import { createHash, createHmac } from 'node:crypto';

/** Who signs, and for what. */
export interface Signer {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly region: string;
  readonly service: string;
}

/** A GET as it goes out: path and query encoded, headers in lower case, the host among them. */
export interface Unsigned {
  readonly path: string;
  /** Pairs joined by `&`, in the order of their bytes. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

/**
 * The headers of a request without a body, with its signature, AWS Signature Version 4 ("Create a signed AWS API request", IAM User Guide). All headers that are given are signed.
 *
 * @param at milliseconds
 */
export function signed(
  { path, query, headers }: Unsigned,
  signer: Signer,
  at: number,
): Record<string, string> {
  const time = new Date(at).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const date = time.slice(0, 8);
  const { accessKeyId, sessionToken, region, service } = signer;
  const all: Record<string, string> = {
    ...headers,
    'x-amz-date': time,
    ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
  };
  const names = Object.keys(all).sort();
  const list = names.join(';');
  const lines = names.map((name) => `${name}:${all[name]!.trim().replace(/ +/g, ' ')}\n`).join('');
  const canonical = ['GET', path, query, lines, list, all['x-amz-content-sha256']].join('\n');
  const scope = `${date}/${region}/${service}/aws4_request`;
  const text = [ALGORITHM, time, scope, sha256(canonical)].join('\n');
  const signature = createHmac('sha256', keyOf(signer, date)).update(text).digest('hex');
  const credential = `Credential=${accessKeyId}/${scope}`;
  return {
    ...all,
    authorization: `${ALGORITHM} ${credential}, SignedHeaders=${list}, Signature=${signature}`,
  };
}

function keyOf({ secretAccessKey, region, service }: Signer, date: string): Buffer {
  let key: string | Buffer = `AWS4${secretAccessKey}`;
  for (const part of [date, region, service, 'aws4_request'])
    key = createHmac('sha256', key).update(part).digest();
  return key as Buffer;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
