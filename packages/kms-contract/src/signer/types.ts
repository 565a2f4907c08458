import type { Signer } from '@weightseal/core';
import type { Case } from '../suite.js';

/** What a signer may lack. Each is also the name of what `setup` must supply otherwise. */
export type SignerCapability =
  | 'asked'
  | 'unfit'
  | 'slow'
  | 'missing'
  | 'denied'
  | 'disabled'
  | 'unavailable'
  | 'secrets';

/** One signer, made ready for one case. */
export interface SignerSubject {
  /** The signer under test, which nobody has asked for anything yet. */
  readonly signer: Signer;
  /** How often its backend was asked for the public key of `signer`. */
  readonly asked?: (() => number) | undefined;
  /** Names a key that signs nothing: one for encryption, a curve or a length that is not taken. */
  readonly unfit?: Signer | undefined;
  /** Asks a backend that never answers, with a deadline between 400 ms and 2 s. */
  readonly slow?: Signer | undefined;
  /** Names a key that does not exist. */
  readonly missing?: Signer | undefined;
  /** Names a key that this caller may not use. */
  readonly denied?: Signer | undefined;
  /** Names a key that is switched off; `sign` says so, and `publicKey` may go on telling it. */
  readonly disabled?: Signer | undefined;
  /** Has a backend that cannot answer: no connection, a broken disk. */
  readonly unavailable?: Signer | undefined;
  /** Bytes that may appear in no error: key material, credentials, passphrases. */
  readonly secrets?: (() => Promise<readonly Uint8Array[]>) | undefined;
}

export interface SignerContractOptions {
  /** What the report calls the signer. */
  readonly name: string;
  /** Makes the subject of one case. It runs once for each case, so start servers outside of it. */
  readonly setup: () => Promise<SignerSubject>;
  /** Cleans up after one case, also one that failed. */
  readonly teardown?: ((subject: SignerSubject) => Promise<unknown>) | undefined;
  /** What this signer cannot do, each with the reason; those cases are reported as skipped. */
  readonly without?: { readonly [C in SignerCapability]?: string | undefined } | undefined;
  /** Milliseconds after which a call that should have ended fails its case; 5000 unless told. */
  readonly patienceMs?: number | undefined;
  /** Milliseconds for one case, passed to the runner; 60 000 unless told. */
  readonly timeoutMs?: number | undefined;
}

export type SignerCase = Case<SignerSubject, SignerCapability>;
