import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

export interface Stored {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly modified: Date;
}

export interface Begun {
  readonly key: string;
  readonly at: Date;
  readonly parts: Map<number, Stored>;
}

/** What S3 refuses, by its code. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

/** The least of all parts but the last. */
const LEAST_PART = 5 << 20;

export class FakeBucket {
  readonly objects = new Map<string, Stored>();
  readonly uploads = new Map<string, Begun>();
  #count = 0;

  find(key: string): Stored {
    const found = this.objects.get(key);
    if (!found) throw new Refusal(404, 'NoSuchKey');
    return found;
  }

  /** Looks at the condition and writes, with nothing between. */
  write(key: string, bytes: Buffer, etag: string, { ifMatch, ifNoneMatch }: Conditions): Stored {
    const there = this.objects.get(key);
    if (ifNoneMatch === '*' && there) throw new Refusal(412, 'PreconditionFailed');
    if (ifMatch !== undefined && !there) throw new Refusal(404, 'NoSuchKey');
    if (ifMatch !== undefined && there?.etag !== ifMatch) throw new Refusal(412, 'PreconditionFailed');
    const stored = { bytes, etag, modified: new Date() };
    this.objects.set(key, stored);
    return stored;
  }

  begin(key: string): string {
    const id = `upload-${this.#count++}`;
    this.uploads.set(id, { key, at: new Date(), parts: new Map() });
    return id;
  }

  begun(id: string | null, key: string): Begun {
    const found = this.uploads.get(id ?? '');
    if (found?.key !== key) throw new Refusal(404, 'NoSuchUpload');
    return found;
  }

  complete(id: string | null, key: string, named: readonly NamedPart[], conditions: Conditions): Stored {
    const { parts } = this.begun(id, key);
    if (named.length === 0) throw new Refusal(400, 'MalformedXML');
    const chosen = named.map(({ number, etag }) => {
      const part = parts.get(number);
      if (part?.etag !== etag) throw new Refusal(400, 'InvalidPart');
      return part;
    });
    if (chosen.slice(0, -1).some(({ bytes }) => bytes.length < LEAST_PART))
      throw new Refusal(400, 'EntityTooSmall');
    const sums = chosen.map(({ etag }) => Buffer.from(etag.slice(1, -1), 'hex'));
    const etag = etagOf(Buffer.concat(sums), chosen.length);
    const stored = this.write(key, Buffer.concat(chosen.map(({ bytes }) => bytes)), etag, conditions);
    this.uploads.delete(id ?? '');
    return stored;
  }
}

export interface Conditions {
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
}

export interface NamedPart {
  readonly number: number;
  readonly etag: string;
}

export function etagOf(bytes: Uint8Array, parts = 0): string {
  const hash = createHash('md5').update(bytes).digest('hex');
  return `"${hash}${parts > 0 ? `-${parts}` : ''}"`;
}

export function crcOf(bytes: Uint8Array): string {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(bytes));
  return sum.toString('base64');
}
