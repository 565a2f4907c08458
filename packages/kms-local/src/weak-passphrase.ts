import { wipe } from '@weightseal/core';

const LEAST_CHARACTERS = 8;
const LEAST_DIGITS = 12;
const LEAST_DIFFERENT = 5;
const LEAST_UNITS = 6;

/** What is tried first. Each counts as one character, however its letters are written (p4$$w0rd). */
const WORDS = (
  'administrator passphrase weightseal password passwort iloveyou changeme trustno1 sunshine princess football baseball ' +
  'superman welcome letmein default example testing weights passwd secret master monkey dragon shadow batman qwertz ' +
  'azerty sample sealed admin login guest hello world model pass root user test demo seal key'
).split(' ');
const ROWS = ['1234567890', 'qwertyuiop', 'qwertzuiop', 'azertyuiop', 'asdfghjkl', 'zxcvbnm', 'yxcvbnm'];
const LOOKS_LIKE: Readonly<Record<string, string>> = {
  a: '4@',
  e: '3',
  i: '1!',
  l: '1',
  o: '0',
  s: '5$',
  t: '7',
};

/**
 * Why a passphrase would be guessed, or undefined. A file that is sealed with it can be tried at leisure, so this is more than a rule of form:
 * what is predictable (runs along the alphabet or the keyboard, repetitions, the words that are tried first) counts as one character.
 * Nothing of it becomes a string.
 */
export function weaknessOf(passphrase: Uint8Array): string | undefined {
  const characters = charactersOf(passphrase);
  try {
    if (characters.length < LEAST_CHARACTERS) return `it has fewer than ${LEAST_CHARACTERS} characters`;
    if (characters.length < LEAST_DIGITS && characters.every(isDigit))
      return `it has fewer than ${LEAST_DIGITS} digits and nothing else`;
    if (new Set(characters).size < LEAST_DIFFERENT)
      return `it has fewer than ${LEAST_DIFFERENT} different characters`;
    if (unitsOf(characters.subarray(0, periodOf(characters))) < LEAST_UNITS)
      return 'it is little more than repetitions, runs of neighbours (12345, qwerty), or words that are tried first';
    return undefined;
  } finally {
    wipe(new Uint8Array(characters.buffer));
  }
}

/** Code points, letters of ASCII in lower case. What is not UTF-8 is judged by its bytes. */
function charactersOf(bytes: Uint8Array): Uint32Array<ArrayBuffer> {
  const out = new Uint32Array(bytes.length);
  let count = 0;
  for (const byte of bytes) {
    if ((byte & 0xc0) === 0x80 && count > 0) out[count - 1] = (out[count - 1]! << 6) | (byte & 0x3f);
    else out[count++] = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
  }
  return out.subarray(0, count);
}

function isDigit(character: number): boolean {
  return character >= 0x30 && character <= 0x39;
}

/** After how many characters it begins anew; its length where it does not. */
function periodOf(characters: Uint32Array): number {
  for (let period = 1; period <= characters.length / 2; period++)
    if (characters.every((one, at) => at < period || one === characters[at - period])) return period;
  return characters.length;
}

/** How many characters it has that the one before does not tell, a word counting as one. */
function unitsOf(characters: Uint32Array): number {
  let units = 0;
  for (let at = 0; at < characters.length; ) {
    const word = WORDS.find((one) => stands(one, characters, at));
    if (word === undefined && at > 0 && areNeighbours(characters[at - 1]!, characters[at]!)) at++;
    else {
      units++;
      at += word?.length ?? 1;
    }
  }
  return units;
}

function stands(word: string, characters: Uint32Array, at: number): boolean {
  for (let i = 0; i < word.length; i++) {
    const character = characters[at + i];
    const alike = `${word[i]}${LOOKS_LIKE[word[i]!] ?? ''}`;
    if (character === undefined || character > 0x7f) return false;
    let found = false;
    for (let j = 0; j < alike.length; j++) found ||= alike.charCodeAt(j) === character;
    if (!found) return false;
  }
  return true;
}

function areNeighbours(a: number, b: number): boolean {
  if (Math.abs(a - b) <= 1) return true;
  return ROWS.some((row) => {
    for (let i = 1; i < row.length; i++) {
      const [left, right] = [row.charCodeAt(i - 1), row.charCodeAt(i)];
      if ((a === left && b === right) || (a === right && b === left)) return true;
    }
    return false;
  });
}
