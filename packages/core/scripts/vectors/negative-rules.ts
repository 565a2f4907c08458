import { concat } from '../../src/format/bytes.js';
import { core, FIVE, invalid, negative, slot } from './faults.js';
import type { NegativeVector } from './types.js';

/** Which code it is where more than one could be given, and other rules that a reader might guess differently. */
export function ruleVectors(): NegativeVector[] {
  const cut = (
    name: string,
    comment: string,
    code: string,
    length: number,
    ...said: number[]
  ): NegativeVector =>
    negative(name, comment, FIVE, code, (file) =>
      concat(file.subarray(0, 8), Uint8Array.from(said), file.subarray(8 + said.length)).slice(0, length),
    );
  const unsupported = (name: string, comment: string, edit: Parameters<typeof core>[0]): NegativeVector =>
    negative(name, comment, FIVE, 'UNSUPPORTED_VERSION', core(edit));
  const provider = (name: string, comment: string, text: string): NegativeVector =>
    invalid(
      `slot-provider-${name}`,
      comment,
      slot((it) => ({ ...it, provider: text, key: `${text}:x` })),
    );
  return [
    cut('magic-short', 'Seven bytes of the magic.', 'NOT_SEALED', 7),
    cut('version-half', 'The file ends within a version that begins like 1.', 'PAYLOAD_TRUNCATED', 9),
    cut('version-half-other', 'The file ends within another version.', 'UNSUPPORTED_VERSION', 9, 1),
    cut(
      'flags-half-other',
      'The file ends within flags that are not zero.',
      'UNSUPPORTED_VERSION',
      11,
      0,
      1,
      1,
    ),
    cut('flags-half', 'The file ends within flags that begin with zero.', 'PAYLOAD_TRUNCATED', 11),
    cut(
      'preamble-cut',
      'The file ends in the preamble, where zeros are not zero.',
      'PAYLOAD_TRUNCATED',
      100,
      0,
      1,
      0,
      0,
      1,
    ),
    negative(
      'copies-cut',
      'Neither copy has its magic, and the file ends before its first segment.',
      FIVE,
      'PAYLOAD_TRUNCATED',
      (file) => {
        file.fill(0, 4096, 4104).fill(0, 8192, 8200);
        return file.slice(0, 12288 + 73);
      },
    ),
    unsupported('core-no-version', 'A core without a version.', ({ version: _, ...it }) => it),
    unsupported('core-version-text', 'A version that is text.', (it) => ({ ...it, version: '1' })),
    unsupported(
      'core-version-extra',
      'A core of version 2 with a member that version 1 does not have.',
      (it) => ({
        ...it,
        version: 2,
        zzz: '',
      }),
    ),
    unsupported('core-no-algorithm', 'A core without an algorithm.', ({ algorithm: _, ...it }) => it),
    unsupported(
      'core-version-context',
      'A core of version 2 with a context that version 1 refuses.',
      (it) => ({
        ...it,
        version: 2,
        context: 5,
      }),
    ),
    invalid(
      'core-format-version',
      'A core of another format and of another version.',
      core((it) => ({ ...it, format: 'other', version: 2 })),
    ),
    invalid(
      'core-no-id',
      'A core without an id.',
      core(({ id: _, ...it }) => it),
    ),
    provider('colon', 'A provider with a colon in its name.', 'a:b'),
    provider('upper-case', 'A provider in upper case.', 'Vector'),
    provider('digit', 'A provider that begins with a digit.', '1vector'),
    provider('space', 'A provider with a space in its name.', 'vec tor'),
    provider('umlaut', 'A provider beyond ASCII.', 'véctor'),
    provider('underscore', 'A provider with a character that a scheme does not have.', 'vec_tor'),
    invalid(
      'slot-key-scheme',
      "A key that is of another scheme than the slot's provider.",
      slot((it) => ({ ...it, key: 'vectors:one' })),
    ),
    invalid(
      'slot-key-upper-case',
      'A key whose scheme is in upper case.',
      slot((it) => ({ ...it, key: 'VECTOR:one' })),
    ),
    invalid(
      'slot-version-long',
      'A key version of 1025 bytes.',
      slot((it) => ({ ...it, version: 'x'.repeat(1025) })),
    ),
  ];
}
