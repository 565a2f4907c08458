// What a configuration says of who may release models: `trust`.

/** Whether what a rule asks for must hold. */
export type TrustRequire = 'enforce' | 'warn' | 'off';

/** Somebody whose signature counts. Paths count from the configuration's directory. */
export type SignerInput =
  /** The path of a public key in PEM. */
  | { readonly key: string }
  | {
      readonly certificate: {
        /** The paths of certificates in PEM, one or several in each, to one of which the signer's must lead. */
        readonly roots: string | readonly string[];
        /** A name that the signer's certificate must have. */
        readonly identity?: string | undefined;
      };
    }
  | {
      readonly sigstore: {
        readonly identity: string;
        readonly issuer: string;
        /** The path of a `trusted_root.json`. */
        readonly trustedRoot?: string | undefined;
      };
    };

/** Who may release the models that it is about. */
export interface TrustRuleInput {
  /** Globs over the names of models. */
  readonly model: string | readonly string[];
  readonly signers?: readonly SignerInput[] | undefined;
  readonly minVersion?: string | undefined;
  /** RFC 3339, in UTC. */
  readonly notAfter?: string | undefined;
  readonly require?: TrustRequire | undefined;
  /** The URI or the path of the directory where `weightseal.channel.json` lies, or of a file whose name ends in `.json`. */
  readonly channel?:
    | string
    | { readonly at: string; readonly signers?: readonly SignerInput[] | undefined }
    | undefined;
}

export interface TrustInput {
  /** The first that matches a model counts. */
  readonly rules?: readonly TrustRuleInput[] | undefined;
  /** What is done with a model that no rule is about. */
  readonly others?: TrustRequire | undefined;
  /** `none` where the highest numbers of channels cannot be kept. */
  readonly state?: 'user' | 'none' | undefined;
}

/** As a configuration has it: a list is the rules alone. */
export type TrustGiven = TrustInput | readonly TrustRuleInput[];

export function isRules(given: TrustGiven): given is readonly TrustRuleInput[] {
  return Array.isArray(given);
}

export function trustOf(given: TrustGiven): TrustInput {
  return isRules(given) ? { rules: given } : given;
}

/** The files that it names, in the order in which they stand there. */
export function filesOfTrust(given: TrustGiven): string[] {
  return (trustOf(given).rules ?? []).flatMap(({ signers = [], channel }) => [
    ...signers.flatMap(filesOfSigner),
    ...(typeof channel === 'object' ? (channel.signers ?? []).flatMap(filesOfSigner) : []),
  ]);
}

function filesOfSigner(signer: SignerInput): readonly string[] {
  if ('key' in signer) return [signer.key];
  if ('certificate' in signer) return listOf(signer.certificate.roots);
  const { trustedRoot } = signer.sigstore;
  return trustedRoot === undefined ? [] : [trustedRoot];
}

export function listOf(texts: string | readonly string[]): readonly string[] {
  return typeof texts === 'string' ? [texts] : texts;
}
