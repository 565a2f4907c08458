/**
 * The path that a request has for a key. A key is written as it stands in a URI, with escapes; what cannot stand there is escaped, so that no name of an object becomes a query.
 */
export function pathOf(key: string): string {
  const escaped = encodeURI(key)
    // encodeURI escapes each %; those of the key were escapes already.
    .replace(/%25(?=[0-9a-f]{2})/gi, '%')
    .replace(/\?/g, '%3F')
    .replace(/#/g, '%23');
  return `/${escaped}`;
}
