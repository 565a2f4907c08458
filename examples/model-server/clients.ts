import { samples } from './models.ts';

interface Classified {
  readonly version: string;
  readonly class: number;
  readonly scores: readonly number[];
}

/** Clients that ask without a pause, and compare each answer with the one of the plain model of the version that answered. */
export class Clients {
  /** How many answers each version has given. */
  readonly answers: Record<string, number> = {};
  readonly #url: string;
  readonly #expected: Readonly<Record<string, readonly number[][]>>;
  readonly #loops: Promise<void>[];
  #goOn = true;

  constructor(url: string, expected: Readonly<Record<string, readonly number[][]>>, count: number) {
    this.#url = url;
    this.#expected = expected;
    this.#loops = Array.from({ length: count }, (_, client) => this.#loop(client));
    // Rejections are for stop().
    for (const loop of this.#loops) loop.catch(() => {});
  }

  get total(): number {
    return Object.values(this.answers).reduce((sum, one) => sum + one, 0);
  }

  /** Asks about one sample. @throws for anything but a whole and correct answer */
  async ask(index: number): Promise<string> {
    const body = JSON.stringify({ pixels: samples[index]!.pixels });
    const response = await fetch(`${this.#url}/classify`, { method: 'POST', body });
    const text = await response.text();
    if (!response.ok) throw new Error(`a request failed: ${response.status} ${text}`);
    return this.check(index, text);
  }

  check(index: number, text: string): string {
    const { version, class: digit, scores }: Classified = JSON.parse(text);
    const expected = this.#expected[version]?.[index];
    const equal = expected?.length === scores.length && expected.every((score, at) => score === scores[at]);
    if (!equal || digit !== scores.indexOf(Math.max(...scores)))
      throw new Error(`version ${version} answered wrongly about sample ${index}`);
    this.answers[version] = (this.answers[version] ?? 0) + 1;
    return version;
  }

  /** @throws what went wrong with any request */
  async stop(): Promise<void> {
    this.#goOn = false;
    await Promise.all(this.#loops);
  }

  async #loop(client: number): Promise<void> {
    for (let index = client; this.#goOn; index++) await this.ask(index % samples.length);
  }
}
