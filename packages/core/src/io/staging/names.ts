import { createHash, randomBytes } from '../../common/crypto.js';

/** What is made, in the staging directory. */
export const MADE = 'new';
/** The file in it that says what stands aside meanwhile. */
export const REPLACING = 'replacing';
/** The one that the guardian leaves there, for what it has removed before that got its name. */
export const UNDONE = 'undone';
/** `tmp`: of one that nobody goes on with. `part`: the next one to the same output does. */
const NAME = /^\.[0-9a-f]{16}\.weightseal-(tmp|part)$/;

export function isStaging(name: string): boolean {
  return NAME.test(name);
}

export function isPart(name: string): boolean {
  return NAME.exec(name)?.[1] === 'part';
}

/** A name that nobody has. */
export function randomName(what: 'old' | 'tmp'): string {
  return `.${randomBytes(8).toString('hex')}.weightseal-${what}`;
}

/** One that follows from the output's, however long that is. */
export function nameBeside(output: string, what: 'old' | 'part'): string {
  return `.${createHash('sha256').update(output).digest('hex').slice(0, 16)}.weightseal-${what}`;
}

/** Where the next one to the same output looks for what this one has done. */
export function partOf(output: string): string {
  return nameBeside(output, 'part');
}
