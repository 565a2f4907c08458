import { eachListed, isWeightsealError, ObjectSource, type StoreLocation } from '@weightseal/core';
import { busy } from '../http/status.js';

/** A store that has let the server in counts as open so long. */
const SURE_MS = 2000;

/** Whether a store lets the server in. To whom may not list it says the same of what is not there and of credentials that have ended. */
export class Access {
  readonly #location: StoreLocation;
  readonly #onProblem: (error: Error) => void;
  /** What could be read. */
  #witness: StoreLocation | undefined;
  #sureUntil = 0;
  #doubt: Error | undefined;

  /** @param onProblem told when the store begins to refuse whatever it is asked for */
  constructor(location: StoreLocation, onProblem: (error: Error) => void) {
    this.#location = location;
    this.#onProblem = onProblem;
  }

  /** What to tell of what was not found, where the store refuses all. */
  get doubt(): Error | undefined {
    return this.#doubt;
  }

  granted(witness: StoreLocation): void {
    this.#witness = witness;
    this.#sure();
  }

  #sure(): void {
    this.#sureUntil = performance.now() + SURE_MS;
    this.#doubt = undefined;
  }

  /** Something was denied: is that all? */
  async check(denial: Error, signal: AbortSignal | undefined): Promise<void> {
    if (performance.now() < this.#sureUntil) return;
    const [location, witness] = [this.#location, this.#witness];
    const open = (await isLet(lists(location, signal))) || (witness && (await isLet(reads(witness, signal))));
    if (open) this.#sure();
    else {
      if (!this.#doubt) this.#onProblem(denial);
      this.#doubt = busy('The store in which the models lie does not let the server in', denial);
    }
  }
}

async function lists(location: StoreLocation, signal: AbortSignal | undefined): Promise<void> {
  for await (const _any of eachListed(location, { oneLevel: true }, signal)) return;
}

async function reads(witness: StoreLocation, signal: AbortSignal | undefined): Promise<void> {
  await using _source = await ObjectSource.open(witness, { first: 1, signal });
}

async function isLet(work: Promise<void>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (!isWeightsealError(error)) throw error;
    if (error.code === 'STORE_DENIED' || error.code === 'STORE_UNSUPPORTED') return false;
    // Who is told that is let in.
    if (error.code === 'INPUT_NOT_FOUND') return true;
    throw error;
  }
}
