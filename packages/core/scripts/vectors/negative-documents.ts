import { fromBase64url, toBase64url, utf8 } from '../../src/format/bytes.js';
import { withDocument } from '../../test/support/forge.js';
import {
  AREA,
  changed,
  core,
  document,
  FIVE,
  flipIn,
  invalid,
  metadata,
  negative,
  slot,
  THREE,
  text,
} from './faults.js';
import type { NegativeVector } from './types.js';

export function documentVectors(): NegativeVector[] {
  return [
    invalid(
      'document-white-space',
      'A space after the first brace.',
      text((it) => `{ ${it.slice(1)}`),
    ),
    invalid(
      'document-newline',
      'A newline at the end.',
      text((it) => `${it}\n`),
    ),
    invalid(
      'document-bom',
      'A byte order mark.',
      text((it) => `\uFEFF${it}`),
    ),
    invalid(
      'document-duplicate',
      'The core stands there twice.',
      text((it) => it.replace(/("core":"[^"]*",)/, '$1$1')),
    ),
    invalid(
      'document-extra',
      'A member that version 1 does not have.',
      document((it) => ({ ...it, zzz: '' })),
    ),
    invalid(
      'document-missing',
      'No metadata.',
      document(({ metadata: _, ...it }) => it),
    ),
    invalid(
      'document-escape',
      'A letter written as an escape.',
      text((it) => it.replace('"core"', '"\\u0063ore"')),
    ),
    invalid(
      'document-order',
      'Members in another order.',
      text((it) => it.replace(/^\{("core":"[^"]*"),("mac":"[^"]*"),/, '{$2,$1,')),
    ),
    invalid('document-utf-8', 'Bytes that are no UTF-8.', (file, { forged }) => {
      const bytes = forged.document.slice();
      bytes[bytes.indexOf(0x63)] = 0xff;
      return withDocument(file, bytes, AREA);
    }),
    invalid(
      'base64-padding',
      'Padding after the core, which must have none.',
      document((it) => {
        it.core += '=';
      }),
    ),
    invalid(
      'base64-alphabet',
      'A plus sign, of another alphabet.',
      document((it) => {
        it.mac = `+${it.mac.slice(1)}`;
      }),
    ),
    invalid(
      'base64-stray-bits',
      'Stray bits in the last letter of the id.',
      core((it) => {
        it['id'] = `${(it['id'] as string).slice(0, -1)}B`;
      }),
    ),
    invalid(
      'mac-short',
      'A MAC of 47 bytes.',
      document((it) => {
        it.mac = toBase64url(fromBase64url(it.mac)!.slice(1));
      }),
    ),
    invalid(
      'metadata-short',
      'Metadata of 27 bytes.',
      document((it) => {
        it.metadata = toBase64url(new Uint8Array(27));
      }),
    ),
    invalid(
      'no-slots',
      'No slot.',
      document((it) => {
        it.slots = [];
      }),
    ),
    invalid(
      'slots-33',
      '33 slots.',
      document((it) => {
        it.slots = Array.from({ length: 33 }, () => 'e30');
      }),
    ),
    invalid(
      'core-format',
      'The core of another format.',
      core((it) => {
        it['format'] = 'other';
      }),
    ),
    negative(
      'core-version',
      'A core of version 2.',
      FIVE,
      'UNSUPPORTED_VERSION',
      core((it) => {
        it['version'] = 2;
      }),
    ),
    negative(
      'core-algorithm',
      'Another algorithm.',
      FIVE,
      'UNSUPPORTED_VERSION',
      core((it) => {
        it['algorithm'] = 'FLOE-AES-128-GCM';
      }),
    ),
    invalid(
      'core-extra',
      'A member that the core does not have.',
      core((it) => {
        it['zzz'] = 1;
      }),
    ),
    invalid(
      'core-id',
      'An id of 15 bytes.',
      core((it) => {
        it['id'] = toBase64url(new Uint8Array(15));
      }),
    ),
    invalid(
      'core-payloads',
      'Two payloads.',
      core((it) => {
        it['payloads'] = [{ name: 'payload' }, { name: 'payload' }];
      }),
    ),
    invalid(
      'core-payload-name',
      'A payload of another name.',
      core((it) => {
        it['payloads'] = [{ name: 'other' }];
      }),
    ),
    invalid(
      'context-type',
      'A context value that is a number.',
      core((it) => {
        it['context'] = { a: 1 };
      }),
    ),
    invalid(
      'context-empty-name',
      'An empty name in the context.',
      core((it) => {
        it['context'] = { '': 'a' };
      }),
    ),
    invalid(
      'context-control',
      'A control character in the context.',
      core((it) => {
        it['context'] = { a: 'b\u0085' };
      }),
    ),
    invalid(
      'context-65',
      '65 entries in the context.',
      core((it) => {
        it['context'] = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, '']));
      }),
    ),
    invalid(
      'slot-extra',
      'A member that a slot does not have.',
      slot((it) => {
        it['zzz'] = '';
      }),
    ),
    invalid(
      'slot-provider',
      'A slot of a provider without a name.',
      slot((it) => {
        it['provider'] = '';
      }),
    ),
    invalid(
      'slot-provider-long',
      'A provider of 65 bytes.',
      slot((it) => {
        it['provider'] = 'p'.repeat(65);
      }),
    ),
    invalid(
      'slot-control',
      'A control character in a key URI.',
      slot((it) => {
        it['key'] = 'vector:\u007f';
      }),
    ),
    invalid(
      'slot-wrapped-empty',
      'A wrapped key of no bytes.',
      slot((it) => {
        it['wrapped'] = '';
      }),
    ),
    changed(
      'mac',
      'Another MAC.',
      document((it) => {
        it.mac = flipIn(it.mac);
      }),
    ),
    changed(
      'core-context',
      'Another context, with nothing else changed.',
      core((it) => {
        it['context'] = { model: 'other' };
      }),
    ),
    changed(
      'metadata-changed',
      'Another byte of the sealed metadata.',
      document((it) => {
        it.metadata = flipIn(it.metadata);
      }),
    ),
    changed(
      'slot-version',
      'Another key version in a slot.',
      slot((it) => {
        it['version'] = '2';
      }),
    ),
    changed(
      'slot-order',
      'The first and the last slot have changed places.',
      document((it) => void it.slots.reverse()),
      THREE,
    ),
    changed(
      'slot-dropped',
      'The middle slot is gone.',
      document((it) => void it.slots.splice(1, 1)),
      THREE,
    ),
    changed(
      'slot-repeated',
      'The first slot stands there twice.',
      document((it) => void it.slots.push(it.slots[0]!)),
      THREE,
    ),
    negative(
      'metadata-text',
      'Metadata that is no JSON, rightly sealed.',
      FIVE,
      'METADATA_TAMPERED',
      metadata(utf8('no JSON')),
    ),
    negative(
      'metadata-size-more',
      'The sealed size is one more than there is.',
      FIVE,
      { code: 'PAYLOAD_TRUNCATED' },
      metadata(utf8('{"size":151}')),
    ),
    negative(
      'metadata-size-less',
      'The sealed size is one less than there is.',
      FIVE,
      { code: 'PAYLOAD_TRAILING_DATA' },
      metadata(utf8('{"size":149}')),
    ),
  ];
}
