import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Refusal } from './refusal.ts';

export interface Question {
  readonly id: number;
  readonly pixels: Float32Array;
}

export interface Answer {
  readonly id: number;
  readonly scores: Float32Array | undefined;
}

/** A model that computes, in a thread of its own. */
export class Engine {
  readonly #thread: Worker;
  readonly #asked = new Map<number, PromiseWithResolvers<Float32Array>>();
  #ids = 0;
  #runs = true;

  private constructor(thread: Worker) {
    this.#thread = thread;
    thread.on('message', ({ id, scores }: Answer) => this.#take(id, scores));
    thread.on('error', () => {});
    thread.on('exit', () => {
      this.#runs = false;
      for (const id of this.#asked.keys()) this.#take(id, undefined);
    });
  }

  /** Resolves when the engine has read the file, and does not need it any more. */
  static async start(path: string): Promise<Engine> {
    const thread = new Worker(new URL('./engine-thread.ts', import.meta.url), { workerData: path });
    // What the engine says of a model that it cannot read quotes that model.
    await once(thread, 'message').catch(() => {
      throw new Refusal(422, 'MODEL_REFUSED');
    });
    return new Engine(thread);
  }

  get runs(): boolean {
    return this.#runs;
  }

  classify(pixels: Float32Array): Promise<Float32Array> {
    const answer = Promise.withResolvers<Float32Array>();
    if (!this.#runs) throw new Refusal(500, 'ENGINE_FAILED');
    const id = this.#ids++;
    this.#asked.set(id, answer);
    this.#thread.postMessage({ id, pixels } satisfies Question);
    return answer.promise;
  }

  async close(): Promise<void> {
    if (!this.#runs) return;
    const ended = once(this.#thread, 'exit');
    this.#thread.postMessage('end');
    await ended;
  }

  #take(id: number, scores: Float32Array | undefined): void {
    const answer = this.#asked.get(id);
    this.#asked.delete(id);
    if (scores) answer?.resolve(scores);
    else answer?.reject(new Refusal(500, 'ENGINE_FAILED'));
  }
}
