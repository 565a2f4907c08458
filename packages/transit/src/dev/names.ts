import * as asn1 from '@peculiar/asn1-x509';
import { WeightsealError } from '@weightseal/core';
import { spiffeProblem } from '../names/spiffe.js';

/** Of names that are nobody's on the internet (RFC 6761 §6.2, §6.3): the only ones that an authority for development issues for. */
const RESERVED = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:test|localhost)$/;
const LONGEST = 253;

export interface DevNames {
  readonly dnsNames: readonly string[];
  readonly trustDomain: string;
}

/** @throws INVALID_ARGUMENT */
export function devNames(name: string | undefined, trustDomain: string): DevNames {
  if (name !== undefined && (name.length > LONGEST || !RESERVED.test(name)))
    throw refused('name', name, 'a name below .test or .localhost, in lower case, as models.test');
  if (!RESERVED.test(trustDomain) || spiffeProblem(`spiffe://${trustDomain}`) !== undefined)
    throw refused(
      'trustDomain',
      trustDomain,
      'a trust domain below .test or .localhost, in lower case, as dev.localhost',
    );
  return { dnsNames: ['localhost', ...(name === undefined ? [] : [name])], trustDomain };
}

/** RFC 5280 §4.2.1.10: whatever else such an authority issues is refused by everybody who verifies chains. A DNS name allows those below it, too. */
export function constraintsOf({ dnsNames, trustDomain }: DevNames): asn1.NameConstraints {
  const permitted = [
    ...dnsNames.map((dNSName) => ({ dNSName })),
    { iPAddress: '127.0.0.1/32' },
    { iPAddress: '::1/128' },
    { uniformResourceIdentifier: trustDomain },
  ];
  return new asn1.NameConstraints({
    permittedSubtrees: new asn1.GeneralSubtrees(
      permitted.map((name) => new asn1.GeneralSubtree({ base: new asn1.GeneralName(name) })),
    ),
  });
}

/** A server is reached by addresses and names; a client has its SPIFFE ID only, so that nobody takes it for a host. */
export function alternativeNames(
  { dnsNames, trustDomain }: DevNames,
  role: 'server' | 'client',
): asn1.SubjectAlternativeName {
  const hosts = [
    ...dnsNames.map((dNSName) => ({ dNSName })),
    { iPAddress: '127.0.0.1' },
    { iPAddress: '::1' },
  ];
  const id = { uniformResourceIdentifier: `spiffe://${trustDomain}/${role}` };
  return new asn1.SubjectAlternativeName(
    [...(role === 'server' ? hosts : []), id].map((name) => new asn1.GeneralName(name)),
  );
}

function refused(option: string, given: string, wanted: string): WeightsealError {
  return new WeightsealError(
    'INVALID_ARGUMENT',
    `The option \`${option}\` of an authority for development must be ${wanted}, and is ${JSON.stringify(given).slice(0, 200)}.`,
  );
}
