// What this process and the helper process say to each other. Secrets are never part of these: they travel as the bytes behind them.

/** Which token; all that is named must fit. RFC 7512 §2.3. */
export interface TokenQuery {
  readonly token?: string | undefined;
  readonly manufacturer?: string | undefined;
  readonly model?: string | undefined;
  readonly serial?: string | undefined;
  readonly slotId?: number | undefined;
  readonly slotDescription?: string | undefined;
  readonly slotManufacturer?: string | undefined;
}

/** Which key on the token. At least one of the two is there. */
export interface KeyQuery {
  /** CKA_LABEL. */
  readonly object?: string | undefined;
  /** CKA_ID in hex, lower case. */
  readonly id?: string | undefined;
}

/** What a token says of itself. */
export interface TokenIdentity {
  readonly token: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly serial: string;
}

/** The bytes that go with each, and with its answer. */
export type Request =
  /** The PIN; nothing. */
  | { readonly op: 'login'; readonly token: TokenQuery }
  /** IV, data key and additional data; IV, ciphertext and tag. */
  | { readonly op: 'wrap'; readonly token: TokenQuery; readonly key: KeyQuery }
  /** IV, ciphertext, tag and additional data; the data key. `key.id` is there. */
  | { readonly op: 'unwrap'; readonly token: TokenQuery; readonly key: KeyQuery }
  | { readonly op: 'describe'; readonly token: TokenQuery; readonly key: KeyQuery }
  /** Nothing; the DER of a SubjectPublicKeyInfo. */
  | { readonly op: 'public-key'; readonly token: TokenQuery; readonly key: KeyQuery }
  /** What CKM_ECDSA or CKM_RSA_PKCS takes; what it gives. `key.id` is there. */
  | { readonly op: 'sign'; readonly token: TokenQuery; readonly key: KeyQuery }
  | { readonly op: 'rotate'; readonly token: TokenQuery; readonly key: KeyQuery };

export type Operation = Request['op'];

export interface Description extends TokenIdentity {
  readonly hardware: boolean;
  readonly enabled: boolean;
  readonly extractable: boolean;
}

/** What can go wrong in the helper, or with it. */
export type Failure =
  /** A function of the module gave something other than CKR_OK. */
  | { readonly kind: 'ckr'; readonly fn: string; readonly rv: number }
  | { readonly kind: 'login-needed'; readonly identity: TokenIdentity }
  /** The module cannot be loaded; the words are the loader's. */
  | { readonly kind: 'no-module'; readonly detail: string }
  /** The helper ended, or could not be started. */
  | { readonly kind: 'no-helper'; readonly detail: string }
  /** A defect in the helper itself. */
  | { readonly kind: 'defect'; readonly detail: string }
  | {
      readonly kind:
        | 'no-program'
        | 'no-token'
        | 'many-tokens'
        | 'no-mechanism'
        | 'no-key'
        | 'no-private-key'
        | 'no-public-key'
        | 'signs-nothing'
        | 'may-not-sign'
        | 'many-keys'
        | 'no-version'
        | 'disabled'
        | 'final-try'
        | 'odd-answer'
        | 'no-room'
        | 'other-id';
    };

export interface Answer {
  /** CKA_ID in hex of the key that was used or made. */
  readonly version?: string | undefined;
  readonly description?: Description | undefined;
  readonly failure?: Failure | undefined;
}

/** A `Failure` on its way up. */
export class HelperFailure extends Error {
  readonly failure: Failure;
  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.kind === 'ckr' ? `${failure.fn} gave 0x${failure.rv.toString(16)}` : failure.kind, options);
    this.failure = failure;
  }
}
