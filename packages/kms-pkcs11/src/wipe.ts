/** Overwrites secrets with zeros. Entries that were never filled may be undefined. */
export function wipe(...secrets: readonly (Uint8Array | undefined)[]): void {
  for (const secret of secrets) secret?.fill(0);
}
