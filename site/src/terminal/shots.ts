// What the pictures of the terminal show: real commands, run while the site is built.
import { copyFileSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROGRAM, ROOT } from '../repository.ts';
import { type Screen, textOf } from './record.ts';

export interface Shot {
  readonly name: string;
  /** What it is called for those who cannot see it. */
  readonly title: string;
  /** What stands behind the prompt. */
  readonly typed: string;
  /** What is run; what was typed unless told. */
  readonly run?: readonly string[];
  /** Commands that were run before. */
  readonly before?: readonly string[];
  readonly ends: number;
  /** The last screen unless told. */
  readonly pick?: (screens: readonly Screen[]) => Screen | undefined;
}

const MODEL = '--context model=digits --context version=3';
const SEALED = ['weightseal keygen model.key', `weightseal seal digits.onnx --key local:model.key ${MODEL}`];

export const SHOTS: readonly Shot[] = [
  {
    name: 'quickstart',
    title: 'The quickstart seals a trained model, opens it, runs it, and sees a changed file refused',
    typed: 'npx pnpm@12 quickstart',
    // What that command runs once the packages are built, as they are here.
    run: [process.execPath, join(ROOT, 'examples/quickstart/quickstart.ts')],
    ends: 0,
  },
  {
    name: 'progress',
    title: 'A progress bar while a model of 1 GiB is sealed',
    typed: 'weightseal seal llama.safetensors --key local:model.key --context model=llama',
    before: ['weightseal keygen model.key'],
    ends: 0,
    pick: (screens) =>
      screens.map((screen) => [distance(screen), screen] as const).sort(([a], [b]) => a - b)[0]?.[1],
  },
  {
    name: 'inspect',
    title: 'What weightseal inspect shows of a sealed file without a key',
    typed: 'weightseal inspect digits.onnx.sealed',
    before: SEALED,
    ends: 0,
  },
  {
    name: 'refused',
    title: 'A file that is sealed for another version is refused before any key is asked',
    typed: 'weightseal open digits.onnx.sealed -o digits.onnx --key local:model.key --context version=4',
    before: [...SEALED, 'rm digits.onnx'],
    ends: 5,
  },
  {
    name: 'keys-check',
    title: 'weightseal keys check tells whether a key works, and how fast',
    typed: 'weightseal keys check local:model.key',
    before: ['weightseal keygen model.key'],
    ends: 0,
  },
];

/** How far the bar is from the middle, in percent. */
function distance(screen: Screen): number {
  const [, percent] = /\[[#-]+\] +(\d+)%/.exec(textOf(screen)) ?? [];
  return percent === undefined ? Number.POSITIVE_INFINITY : Math.abs(Number(percent) - 55);
}

/** A directory with the program on its own PATH, a small model and a large one. */
export function furnish(directory: string): NodeJS.ProcessEnv {
  const programs = join(directory, 'bin');
  mkdirSync(programs);
  writeFileSync(join(programs, 'weightseal'), `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`, {
    mode: 0o755,
  });
  copyFileSync(join(ROOT, 'examples/quickstart/digits.onnx'), join(directory, 'digits.onnx'));
  writeFileSync(join(directory, 'llama.safetensors'), '');
  truncateSync(join(directory, 'llama.safetensors'), 2 ** 30);
  return {
    PATH: `${programs}:${process.env['PATH']}`,
    HOME: directory,
    TERM: 'xterm-256color',
    LANG: 'C.UTF-8',
  };
}
