import { utf8 } from '../../src/format/bytes.js';
import { canonicalJson, type Json } from '../../src/format/canonical-json.js';
import { type BundleFault, E, envelope, type Files, fault, flip, M, T, withSegment } from './bundle-fault.js';
import { BUNDLES } from './bundles.js';

// What somebody without a key can do to a bundle.

export function storage(): BundleFault[] {
  const { made: other } = BUNDLES.get('one-file')!;
  const swap = (a: string, b: string) => (files: Files) => {
    const [x, y] = [files.get(a)!, files.get(b)!];
    files.set(a, y).set(b, x);
  };
  return [
    fault(
      'envelope-gone',
      'weightseal.json is not there.',
      { code: 'NOT_SEALED', codeWithoutKey: 'NOT_SEALED' },
      (files) => files.delete('weightseal.json'),
    ),
    fault(
      'table-gone',
      'weightseal.table is not there.',
      { code: 'MEMBER_MISSING', codeWithoutKey: 'MEMBER_MISSING' },
      (files) => files.delete('weightseal.table'),
    ),
    fault(
      'payload-gone',
      'A payload is not there.',
      { code: 'MEMBER_MISSING', foundByReading: true },
      (files) => files.delete('weights.sealed'),
    ),
    fault(
      'public-gone',
      'A public member is not there.',
      { code: 'MEMBER_MISSING', foundByReading: true },
      (files) => files.delete('config.json'),
    ),
    fault('extra-file', 'A file that the table does not name.', { code: 'MEMBER_EXTRA' }, (files) =>
      files.set('extra.py', utf8('x')),
    ),
    fault(
      'extra-file-in-directory',
      'Likewise in a directory of the bundle.',
      { code: 'MEMBER_EXTRA' },
      (files) => files.set('onnx/extra', utf8('x')),
    ),
    fault(
      'lock-in-directory',
      'What is passed over at the root is not, deeper.',
      { code: 'MEMBER_EXTRA' },
      (files) => files.set('onnx/.1.weightseal-lock', utf8('')),
    ),
    fault(
      'payloads-swapped',
      'Two payloads in each other’s place; of another length here.',
      M,
      swap('weights.sealed', 'adapter.sealed'),
    ),
    fault('payload-of-another-bundle', 'The payload of another bundle.', M, (files) =>
      files.set('adapter.sealed', other.files.get('model.safetensors.sealed')!),
    ),
    fault('payload-header', 'A bit of a payload’s header is changed.', M, flip('weights.sealed', 15)),
    fault(
      'payload-first-segment',
      'A bit of a first segment is changed.',
      M,
      flip('onnx/model.onnx.sealed', 74 + 20),
    ),
    fault('payload-last-byte', 'A bit of a last tag is changed.', M, flip('onnx/model.onnx.sealed', -1)),
    fault('payload-short', 'A payload lacks its last byte.', M, (files) =>
      files.set('weights.sealed', files.get('weights.sealed')!.slice(0, -1)),
    ),
    fault('payload-cut', 'A payload lacks its last segment.', M, (files) =>
      files.set('onnx/model.onnx.sealed', files.get('onnx/model.onnx.sealed')!.slice(0, 74 + 64)),
    ),
    fault('payload-long', 'A byte follows a payload.', M, (files) =>
      files.set('nothing.sealed', Buffer.concat([files.get('nothing.sealed')!, utf8('x')])),
    ),
    fault('public-changed', 'A public member is changed.', M, flip('config.json', 3)),
    fault('public-long', 'A public member is longer.', M, (files) =>
      files.set('config.json', utf8('{"layers":2} ')),
    ),
    fault(
      'table-header',
      'A bit of the table’s header.',
      { ...T, codeWithoutKey: 'TABLE_TAMPERED' },
      flip('weightseal.table', 50),
    ),
    fault('table-first-segment', 'A bit of the table’s first segment.', T, flip('weightseal.table', 100)),
    fault('table-last-byte', 'A bit of its last tag.', T, flip('weightseal.table', -1)),
    fault(
      'table-short',
      'The table lacks its last byte.',
      { ...T, codeWithoutKey: 'TABLE_TAMPERED' },
      (files) => files.set('weightseal.table', files.get('weightseal.table')!.slice(0, -1)),
    ),
    fault('table-long', 'A byte follows the table.', { ...T, codeWithoutKey: 'TABLE_TAMPERED' }, (files) =>
      files.set('weightseal.table', Buffer.concat([files.get('weightseal.table')!, utf8('x')])),
    ),
    fault(
      'table-of-another-bundle',
      'The table of another bundle.',
      { ...T, codeWithoutKey: 'TABLE_TAMPERED' },
      (files) => files.set('weightseal.table', other.files.get('weightseal.table')!),
    ),
    fault(
      'envelope-of-another-bundle',
      'The envelope of another bundle.',
      { ...T, codeWithoutKey: 'TABLE_TAMPERED' },
      (files) => files.set('weightseal.json', other.files.get('weightseal.json')!),
    ),
  ];
}

export function documents(): BundleFault[] {
  const table = (change: (value: Record<string, Json>) => Json) =>
    envelope((document) => ({ ...document, table: change(document['table'] as Record<string, Json>) }));
  const core = (change: (value: Record<string, Json>) => Json) =>
    envelope((document) => {
      const value = JSON.parse(Buffer.from(document['core'] as string, 'base64url').toString()) as Record<
        string,
        Json
      >;
      return { ...document, core: Buffer.from(canonicalJson(change(value))).toString('base64url') };
    });
  const U = { code: 'UNSUPPORTED_VERSION', codeWithoutKey: 'UNSUPPORTED_VERSION' } as const;
  const A = { code: 'ENVELOPE_TAMPERED' } as const;
  return [
    fault('envelope-newline', 'A line feed after the envelope: it is not canonical.', E, (files) =>
      files.set('weightseal.json', Buffer.concat([files.get('weightseal.json')!, utf8('\n')])),
    ),
    fault('envelope-too-long', 'More than 65,536 bytes.', E, (files) =>
      files.set('weightseal.json', Buffer.alloc(65_537, ' ')),
    ),
    fault('envelope-empty', 'No byte.', E, (files) => files.set('weightseal.json', utf8(''))),
    fault(
      'envelope-more',
      'A member that version 1 does not have.',
      E,
      envelope((document) => ({ ...document, more: 1 })),
    ),
    fault(
      'no-table',
      'No reference to a table: the envelope of a sealed file.',
      E,
      envelope(({ table: _table, generation: _generation, ...rest }) => rest),
    ),
    fault(
      'no-slots',
      'No slot.',
      E,
      envelope((document) => ({ ...document, slots: [] })),
    ),
    fault(
      'generation-zero',
      'Generation 0.',
      E,
      envelope((document) => ({ ...document, generation: 0 })),
    ),
    fault(
      'generation-text',
      'The generation as a text.',
      E,
      envelope((document) => ({ ...document, generation: '1' })),
    ),
    fault(
      'generation',
      'Another generation.',
      A,
      envelope((document) => ({ ...document, generation: 2 })),
    ),
    fault(
      'slot-removed',
      'A recipient was taken out.',
      A,
      envelope((document) => ({ ...document, slots: (document['slots'] as Json[]).slice(0, 1) })),
    ),
    fault(
      'slots-exchanged',
      'The recipients in another order.',
      A,
      envelope((document) => ({ ...document, slots: (document['slots'] as Json[]).toReversed() })),
    ),
    fault(
      'table-too-small',
      'A table that is shorter than one can be.',
      E,
      table((value) => ({ ...value, size: 105 })),
    ),
    fault(
      'table-too-large',
      'A table of more than 1 GiB.',
      E,
      table((value) => ({ ...value, size: 1_073_741_825 })),
    ),
    fault(
      'table-size',
      'Another length of the table.',
      { ...T, codeWithoutKey: 'TABLE_TAMPERED' },
      table((value) => ({ ...value, size: (value['size'] as number) + 1 })),
    ),
    fault(
      'table-digest',
      'Another digest of the table.',
      A,
      table((value) => ({ ...value, digest: Buffer.alloc(32).toString('base64url') })),
    ),
    fault(
      'table-digest-short',
      'A digest of 31 bytes.',
      E,
      table((value) => ({ ...value, digest: Buffer.alloc(31).toString('base64url') })),
    ),
    fault(
      'table-header-long',
      'A header of 75 bytes.',
      E,
      table((value) => ({ ...value, header: Buffer.alloc(75).toString('base64url') })),
    ),
    fault(
      'table-segments',
      'Segments of 63 bytes.',
      E,
      table((value) => ({ ...value, header: withSegment(value['header'] as string, 63) })),
    ),
    fault(
      'core-of-a-file',
      'The format of a sealed file in the core.',
      E,
      core((value) => ({ ...value, format: 'weightseal' })),
    ),
    fault(
      'core-with-payloads',
      'A core with payloads, as a sealed file has it.',
      E,
      core((value) => ({ ...value, payloads: [{ name: 'payload' }] })),
    ),
    fault(
      'core-version',
      'Version 2.',
      U,
      core((value) => ({ ...value, version: 2 })),
    ),
    fault(
      'core-algorithm',
      'Another algorithm.',
      U,
      core((value) => ({ ...value, algorithm: 'none' })),
    ),
    fault(
      'core-context',
      'Another context: the key does not unwrap, or the MAC does not verify.',
      A,
      core((value) => ({ ...value, context: {} })),
    ),
  ];
}
