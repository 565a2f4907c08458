import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { type KeyCallOptions, type Signer, WeightsealError } from '@weightseal/core';
import type { SignerSubject } from '@weightseal/kms-contract';

/** Ways in which a signer can break the contract; each is one line of a sound one left out or spoilt. */
export type SignerFlaw =
  | 'signs the digest as if it were the message'
  | 'signs the beginning of what is long'
  | 'refuses what is empty'
  | 'gives r and s without DER'
  | 'signs everything alike'
  | 'gives another key than it signs with'
  | 'turns over between two calls'
  | 'asks for its key each time'
  | 'takes a weak key'
  | 'gives the key as PEM'
  | 'leaks its secret'
  | 'ignores a fired signal'
  | 'ignores a firing signal'
  | 'drops the reason'
  | 'keeps its listener'
  | 'ignores its deadline'
  | 'throws plain errors'
  | 'mixes up its codes'
  | 'lends its key'
  | 'lends its signature'
  | 'zeroes its input'
  | 'shows credentials'
  | 'mixes up parallel calls';

type Backend = 'sound' | 'hanging' | 'KEY_NOT_FOUND' | 'KEY_DENIED' | 'KEY_DISABLED' | 'KEY_UNAVAILABLE';
type Pair = { readonly publicKey: KeyObject; readonly privateKey: KeyObject };

/** Long beside the 20 ms after which the contract aborts, also on a machine that stalls. */
const DEADLINE_MS = 1500;
const SECRET = Buffer.from('a token of forty-two characters, at least.');
const WEAK: Pair = generateKeyPairSync('rsa', { modulusLength: 1024 });

const newPair = (): Pair => generateKeyPairSync('ec', { namedCurve: 'P-256' });

export async function memorySignerSubject(flaw?: SignerFlaw): Promise<SignerSubject> {
  const pair = newPair();
  const state = { asked: 0 };
  const on = (backend: Backend, used: Pair = pair) => memorySigner(flaw, used, backend, state);
  return {
    signer: on('sound'),
    asked: () => state.asked,
    unfit: on('sound', WEAK),
    slow: on('hanging'),
    missing: on(flaw === 'mixes up its codes' ? 'KEY_DENIED' : 'KEY_NOT_FOUND'),
    denied: on('KEY_DENIED'),
    disabled: on('KEY_DISABLED'),
    unavailable: on('KEY_UNAVAILABLE'),
    secrets: async () => [SECRET],
  };
}

function memorySigner(
  flaw: SignerFlaw | undefined,
  first: Pair,
  backend: Backend,
  state: { asked: number },
): Signer {
  let pair = first;
  let kept: Promise<Uint8Array> | undefined;
  let shared: Uint8Array = new Uint8Array();
  let last: Uint8Array = new Uint8Array();

  async function answer(options: KeyCallOptions | undefined): Promise<void> {
    const signal =
      flaw === 'ignores a fired signal' && options?.signal?.aborted ? undefined : options?.signal;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const cause = () => (flaw === 'drops the reason' ? undefined : signal?.reason);
    const onAbort = () => reject(new WeightsealError('ABORTED', 'Aborted.', { cause: cause() }));
    const onDeadline = () => reject(new WeightsealError('KEY_TIMEOUT', 'No answer.'));
    const timer = setTimeout(flaw === 'ignores its deadline' ? () => {} : onDeadline, DEADLINE_MS);
    if (signal?.aborted) onAbort();
    else if (flaw !== 'ignores a firing signal') signal?.addEventListener('abort', onAbort);
    if (backend === 'sound') resolve();
    else if (backend !== 'hanging') reject(failure(backend));
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      if (flaw !== 'keeps its listener') signal?.removeEventListener('abort', onAbort);
    }
  }

  function failure(code: Exclude<Backend, 'sound' | 'hanging'> | 'SIGNING_KEY_UNFIT'): Error {
    if (flaw === 'throws plain errors') return new Error('As told.');
    const cause = flaw === 'leaks its secret' ? { request: { headers: SECRET } } : undefined;
    return new WeightsealError(code, 'As told.', { cause });
  }

  async function asked(): Promise<Uint8Array> {
    state.asked++;
    if (pair === WEAK && flaw !== 'takes a weak key') throw failure('SIGNING_KEY_UNFIT');
    if (flaw === 'turns over between two calls') pair = newPair();
    const told = flaw === 'gives another key than it signs with' ? newPair() : pair;
    if (flaw === 'gives the key as PEM')
      return Uint8Array.from(Buffer.from(told.publicKey.export({ type: 'spki', format: 'pem' })));
    return Uint8Array.from(told.publicKey.export({ type: 'spki', format: 'der' }));
  }

  function found(): Promise<Uint8Array> {
    const anew = flaw === 'asks for its key each time' || flaw === 'turns over between two calls';
    if (kept === undefined || anew) kept = asked();
    return kept;
  }

  return {
    provider: 'memory',
    uri: flaw === 'shows credentials' ? 'memory://user:password@key' : 'memory:key',
    async publicKey(options) {
      await answer(options);
      const key = await found();
      return flaw === 'lends its key' ? key : Uint8Array.from(key);
    },
    async sign(given, options) {
      await answer(options);
      await found();
      shared = Uint8Array.from(given);
      if (flaw === 'mixes up parallel calls') await answer(options);
      const message = flaw === 'mixes up parallel calls' ? shared : Uint8Array.from(given);
      if (flaw === 'zeroes its input') given.fill(0);
      if (flaw === 'refuses what is empty' && message.length === 0) throw failure('KEY_UNAVAILABLE');
      if (flaw === 'signs the digest as if it were the message') return signed(await digested(message));
      if (flaw === 'signs the beginning of what is long') return signed(message.subarray(0, 1024 * 1024));
      if (flaw === 'signs everything alike') return signed(new Uint8Array());
      if (flaw !== 'lends its signature') return signed(message);
      // The one of before, where it was of the same bytes.
      last = last.length > 0 && message.length === 100 ? last : signed(message);
      return last;
    },
  };

  function signed(message: Uint8Array): Uint8Array {
    const dsaEncoding = flaw === 'gives r and s without DER' ? 'ieee-p1363' : 'der';
    return Uint8Array.from(sign('sha256', message, { key: pair.privateKey, dsaEncoding }));
  }
}

async function digested(message: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', Uint8Array.from(message)));
}
