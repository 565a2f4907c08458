export type Severity = 'critical' | 'high' | 'medium' | 'low' | 'info';

/** `unread`: it could not be read, and nothing is known of it. `inapplicable`: there is nothing there that it could be about. */
export type Outcome = 'passed' | 'failed' | 'unread' | 'inapplicable';

/** What puts it right. Nothing of it has been run. */
export interface Mend {
  /** For a shell, by the cloud's own command line. */
  readonly command: string;
  /** Undefined for what Terraform does not have: a directory of a machine. */
  readonly terraform?: string | undefined;
}

export interface Check {
  /** `s3/default-encryption` */
  readonly id: string;
  readonly title: string;
  readonly why: string;
  /** What it adds, and what not, where all that lies there is sealed by weightseal. */
  readonly whenSealed: string;
  readonly severity: {
    readonly plain: Severity;
    readonly sealed: Severity;
  };
}

export interface Finding {
  /** The `id` of the check. */
  readonly check: string;
  /** `s3://bucket`; it holds no credentials. */
  readonly resource: string;
  readonly outcome: Outcome;
  /** Of this finding; it heeds whether everything there is said to be sealed. */
  readonly severity: Severity;
  /** One sentence: what was read. */
  readonly evidence: string;
  /** By which it is known whether it is still what somebody accepted, where the sentence does not say all of it, or more. */
  readonly facts?: string | undefined;
  /** Where it is told of several together: how many. */
  readonly count?: number | undefined;
  readonly mend?: Mend | undefined;
}

export interface AuditOptions {
  /** Whether everything that lies there is sealed by weightseal. */
  readonly sealed?: boolean;
  /** The KMS key that objects must be encrypted with, ARN or alias. */
  readonly expectedKey?: string;
  readonly signal?: AbortSignal;
}
