import type { Peer } from '@weightseal/transit';

const MOST = 8;
const LONGEST = 256;

/** Names of a certificate, for the log: bounded, since anybody's authority may have written them. */
export function namesOf({ certificate: { uris, dnsNames, subject } }: Peer): string[] {
  const names = [...uris, ...dnsNames];
  return (names.length > 0 ? names : [subject]).slice(0, MOST).map((name) => name.slice(0, LONGEST));
}
