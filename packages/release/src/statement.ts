/** An in-toto statement, parsed and checked. */
export interface Statement {
  readonly subject: { readonly name: string; readonly digest: string };
  readonly predicateType: string;
  readonly predicate: unknown;
}
