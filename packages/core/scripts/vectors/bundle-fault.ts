import { canonicalJson, type Json } from '../../src/format/canonical-json.js';
import type { ForgedBundle } from '../../test/support/forge-bundle.js';
import { BUNDLES, type BundlePlan, forgePlan } from './bundles.js';

// Bundles with one fault each, that every reader must refuse with the code named.

export interface BundleFault {
  readonly name: string;
  readonly comment: string;
  /** The bundle of bundles.json that it was made from. */
  readonly of: string;
  /** The new bytes of files, in hexadecimal; null for one that is gone. */
  readonly files: Readonly<Record<string, string | null>>;
  readonly code: string;
  /** Only a read of the members finds it: opening the bundle does not. */
  readonly foundByReading?: true;
  /** The code of a reader without a key; it shows a bundle that has none. */
  readonly codeWithoutKey?: string;
}

type Codes = Pick<BundleFault, 'code' | 'foundByReading' | 'codeWithoutKey'>;
export type Files = Map<string, Uint8Array>;

export function fault(
  name: string,
  comment: string,
  codes: Codes,
  change: (files: Files) => void,
  of = 'model',
): BundleFault {
  const before = BUNDLES.get(of)!.made.files;
  const after = new Map(before);
  change(after);
  return { name, comment, of, files: differences(before, after), ...codes };
}

/** One that somebody with the data key has made: authentic, and against a rule. */
export function forged(
  name: string,
  comment: string,
  code: string,
  changes: Partial<BundlePlan>,
  of = 'model',
): BundleFault {
  const { plan, made } = BUNDLES.get(of)!;
  const { files } = forgePlan({ ...plan, as: of, ...changes });
  // Its members need not be there: the table is refused before they are looked at.
  const documents = ['weightseal.json', 'weightseal.table'].map((one) => [one, files.get(one)!] as const);
  return { name, comment, of, files: differences(made.files, new Map([...made.files, ...documents])), code };
}

function differences(
  before: ForgedBundle['files'],
  after: ForgedBundle['files'],
): Record<string, string | null> {
  const changed: Record<string, string | null> = {};
  for (const name of before.keys()) if (!after.has(name)) changed[name] = null;
  for (const [name, bytes] of after) {
    const old = before.get(name);
    if (!old || Buffer.compare(old, bytes) !== 0) changed[name] = Buffer.from(bytes).toString('hex');
  }
  return changed;
}

export function flip(name: string, at: number): (files: Files) => void {
  return (files) => {
    const bytes = files.get(name)!.slice();
    const index = at < 0 ? bytes.length + at : at;
    bytes[index] = bytes[index]! ^ 1;
    files.set(name, bytes);
  };
}

/** The envelope as an object to change, MAC and all left as they are. */
export function envelope(change: (document: Record<string, Json>) => Json): (files: Files) => void {
  return (files) => {
    const document = JSON.parse(Buffer.from(files.get('weightseal.json')!).toString()) as Record<
      string,
      Json
    >;
    files.set('weightseal.json', canonicalJson(change(document)));
  };
}

export const E = { code: 'ENVELOPE_INVALID', codeWithoutKey: 'ENVELOPE_INVALID' } as const;
export const T = { code: 'TABLE_TAMPERED' } as const;
export const M = { code: 'MEMBER_TAMPERED', foundByReading: true } as const;

export function withSegment(header: string, length: number): string {
  const bytes = Buffer.from(header, 'base64url');
  bytes.writeUInt32BE(length, 2);
  return bytes.toString('base64url');
}
