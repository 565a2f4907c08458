import assert from 'node:assert/strict';
import { assertHolds, assertObject, call, listed, nameOf, newBytes } from '../check.js';
import type { Capability, Case, Scene } from '../types.js';

/** What is in the way of URLs, of XML, of signatures, each beside what it must not be taken for. */
const PLAIN = [
  'a-b_c.d~e',
  'with spaces in it',
  "it's (one) of *those*!",
  '$&,;:@',
  'dots..in...it',
  '.hidden',
  'UPPER',
  'upper',
];
const ODD = ['50%', '%20', '%2F', '%', 'a+b', 'a b', 'a=b&c=d', 'q?x=1', 'h#f', '<&">', '[1]{2}|^`'];
const UNICODE = ['grün', 'gru\u0308n', '模型', '😀', '\u00a0', '\u2028'];
/** The most that a key of S3 or of Google Cloud Storage has. */
const MOST = 1024;

export const keyCases: readonly Case[] = [
  keysCase('keys are taken as they are: spaces, signs, dots, upper and lower case', [], PLAIN),
  keysCase(
    'keys are taken as they are: percent signs, plus, equals, question marks and the like',
    ['oddKeys'],
    ODD,
  ),
  keysCase(
    'keys are taken as they are: backslashes',
    ['backslashKeys'],
    ['back\\slash', 'back/slash', '\\x\\'],
  ),
  keysCase(
    'keys are taken as they are: beyond ASCII, two forms of one letter being two',
    ['unicodeKeys'],
    UNICODE,
  ),
  {
    title: 'a key may have 1,024 bytes',
    needs: ['longKeys'],
    async run(scene) {
      const rest = MOST - Buffer.byteLength(scene.at);
      const names = `${'n'.repeat(99)}/`.repeat(11).slice(0, rest - 1);
      await round(scene, [`${names}x`, `${names}y`]);
    },
  },
];

function keysCase(title: string, needs: readonly Capability[], names: readonly string[]): Case {
  return { title, needs, run: (scene) => round(scene, names) };
}

/** All are there together, each with its own bytes, and found again by their names. */
async function round({ store, at, place }: Scene, names: readonly string[]): Promise<void> {
  const keys = names.map((name) => `${at}${name}`);
  const contents = keys.map((_, i) => newBytes(10 + i));
  for (const [i, key] of keys.entries()) await place(key, contents[i]!);
  for (const [i, key] of keys.entries()) {
    assertObject(await store.stat(key, call()), key, 10 + i);
    await assertHolds(store, key, contents[i]!);
  }
  if (!store.list) return;
  const found = await listed(store, at).catch((error: { code?: unknown }) => {
    if (error.code === 'STORE_UNSUPPORTED') return undefined;
    throw error;
  });
  if (found) assert.deepEqual(found.map(nameOf).sort(), [...keys].sort(), 'other keys are listed');
}
