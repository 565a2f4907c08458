import { invalid, list, member, object, text } from './invalid.js';
import { parseJson } from './json.js';

/** The type of what is signed: an in-toto statement in JSON. */
export const PAYLOAD_TYPE = 'application/vnd.in-toto+json';
export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
/** A statement for about a million files. */
export const MAX_STATEMENT_BYTES: number = 256 * 1024 * 1024;

const MOST_CHARACTERS = 4096;
/** Four of each file; more files than fit into so many bytes. */
const MOST_VALUES = 12_000_000;
export const SHA256_HEX: RegExp = /^[0-9a-f]{64}$/;

/** An in-toto statement about one subject (https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md), parsed and checked. */
export interface Statement {
  readonly subject: {
    readonly name: string;
    /** SHA-256, 64 lower-case hexadecimal digits. */
    readonly digest: string;
  };
  readonly predicateType: string;
  readonly predicate: unknown;
}

/**
 * Members that are not known are passed over, as in-toto asks of readers: what is here is signed.
 *
 * @throws SIGNATURE_INVALID
 */
export function parseAnyStatement(bytes: Uint8Array): Statement {
  if (bytes.length > MAX_STATEMENT_BYTES)
    throw invalid(`The statement has ${bytes.length} bytes, more than ${MAX_STATEMENT_BYTES}`);
  const document = object(parseJson(bytes, 'The statement', MOST_VALUES), 'The statement');
  const type = text(member(document, '_type'), 'The type of the statement', MOST_CHARACTERS);
  if (type !== STATEMENT_TYPE) throw invalid(`The statement is of another type than ${STATEMENT_TYPE}`);
  return {
    subject: subjectOf(member(document, 'subject')),
    predicateType: text(member(document, 'predicateType'), 'The predicate type', MOST_CHARACTERS),
    predicate: member(document, 'predicate'),
  };
}

function subjectOf(value: unknown): Statement['subject'] {
  const subjects = list(value, 'The subject of the statement', 1);
  if (subjects.length === 0) throw invalid('The statement has no subject');
  const subject = object(subjects[0], 'The subject of the statement');
  const digests = object(member(subject, 'digest'), 'The digest of the subject');
  return {
    name: text(member(subject, 'name'), 'The name of the subject', MOST_CHARACTERS),
    digest: sha256(member(digests, 'sha256'), 'The SHA-256 of the subject'),
  };
}

/** @throws SIGNATURE_INVALID */
export function sha256(value: unknown, what: string): string {
  if (typeof value === 'string' && SHA256_HEX.test(value)) return value;
  throw invalid(`${what} is not 64 lower-case hexadecimal digits`);
}
