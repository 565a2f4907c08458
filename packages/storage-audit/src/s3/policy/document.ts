/** Names or patterns that are meant, or all others. */
export interface Which {
  /** NotAction, NotResource: all but these. */
  readonly not: boolean;
  readonly patterns: readonly string[];
}

export type PrincipalKind = 'AWS' | 'Service' | 'Federated' | 'CanonicalUser';

export interface Named {
  readonly kind: PrincipalKind;
  readonly id: string;
}

export interface Who {
  /** NotPrincipal. */
  readonly not: boolean;
  /** `"*"`, or `{ "AWS": "*" }`, which mean the same in the policy of a bucket. */
  readonly everyone: boolean;
  readonly named: readonly Named[];
}

/** One key under one operator. All that a statement has must hold. */
export interface Condition {
  readonly operator: string;
  /** In lower case: the names of keys are alike in either. */
  readonly key: string;
  readonly values: readonly string[];
}

export interface Statement {
  readonly sid: string | undefined;
  readonly effect: 'Allow' | 'Deny';
  readonly who: Who;
  readonly actions: Which;
  readonly resources: Which;
  readonly conditions: readonly Condition[];
}

export interface Policy {
  readonly statements: readonly Statement[];
}
