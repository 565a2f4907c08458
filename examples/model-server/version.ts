import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { load, type Placement } from '@weightseal/loader';
import { Engine } from './engine.ts';
import { Refusal } from './refusal.ts';
import type { Source } from './settings.ts';

/** One version of the model, kept as long as anybody uses it: the server, and each request that it answers. */
export class Version {
  readonly name: string;
  /** Where the plaintext was; undefined where `weightseal run` has it. */
  readonly placement: Placement | undefined;
  readonly #engine: Engine;
  #users = 1;

  private constructor(name: string, engine: Engine, placement?: Placement) {
    this.name = name;
    this.#engine = engine;
    this.placement = placement;
  }

  /** Whole and authentic, with an engine that is ready, or not at all. */
  static async open(source: Source, expected: string | undefined, signal: AbortSignal): Promise<Version> {
    if (source.kind === 'opened')
      return new Version(expected ?? 'unknown', await Engine.start(await modelFile(source.path)));
    const { keys, model: name, place } = source;
    const context = { model: name, ...(expected !== undefined && { version: expected }) };
    // Ends with this function: the engine reads the file to its end and maps nothing, so the plaintext is wiped as soon as there
    // is a session. By path rather than by bytes, which would be one more copy, in memory that nobody wipes.
    await using model = await load(await source.sealed(expected), { keys, context, signal, ...place });
    const engine = await Engine.start(await modelFile(model.path));
    return new Version(model.context['version'] ?? 'unknown', engine, model.placement);
  }

  get runs(): boolean {
    return this.#engine.runs;
  }

  classify(pixels: Float32Array): Promise<Float32Array> {
    return this.#engine.classify(pixels);
  }

  hold(): void {
    this.#users++;
  }

  /** Ends the engine with the last user. */
  async drop(): Promise<void> {
    if (--this.#users === 0) await this.#engine.close();
  }
}

/** What the engine reads: of a bundle, its one `.onnx`. */
async function modelFile(path: string): Promise<string> {
  if (!(await stat(path)).isDirectory()) return path;
  const [name, ...more] = (await readdir(path)).filter((one) => one.endsWith('.onnx'));
  if (name === undefined || more.length > 0) throw new Refusal(422, 'MODEL_REFUSED');
  return join(path, name);
}
