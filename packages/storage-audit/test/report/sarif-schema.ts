import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';

/** The JSON schema of SARIF 2.1.0 (rtm.5), which Microsoft publishes with a matcher for another test runner. */
const path = createRequire(import.meta.url).resolve(
  '@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json',
);
const { $schema, id: _name, ...schema } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
// Draft 4 and draft 7 mean the same by all that it uses. One of its patterns is none under the flag `u`.
if (
  $schema !== 'http://json-schema.org/draft-04/schema#' ||
  /"exclusiveM\w+": (?:true|false)/.test(JSON.stringify(schema))
)
  throw new Error('the schema of SARIF is written in another way than it was');
const ajv = new Ajv({ allErrors: true, strict: false, unicodeRegExp: false });
formats.default(ajv);
const validate = ajv.compile(schema);

/** What is not as SARIF has it, each with its place. */
export function problemsOf(log: unknown): string[] {
  return validate(log)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
