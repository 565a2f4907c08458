import { utf8 } from '../../src/format/bytes.js';
import { FIVE, metadata, negative } from './faults.js';
import type { NegativeVector } from './types.js';

// Rightly sealed, each under the right key in an envelope with the right MAC: only what they say is wrong. FORMAT.md §1.4, §10.2.
export function metadataVectors(): NegativeVector[] {
  const tampered = (name: string, comment: string, json: string): NegativeVector =>
    negative(`metadata-${name}`, comment, FIVE, 'METADATA_TAMPERED', metadata(utf8(json)));
  const created = (name: string, comment: string, time: string): NegativeVector =>
    tampered(`created-${name}`, comment, JSON.stringify({ created: time }));
  return [
    created('text', 'No time at all.', 'yesterday'),
    created('newline', 'A newline after the time.', '2026-01-02T03:04:05Z\n'),
    created('space', 'A space instead of the T.', '2026-01-02 03:04:05Z'),
    created(
      'lower-case',
      'RFC 3339 allows a lower-case t and z; this format does not.',
      '2026-01-02t03:04:05z',
    ),
    created('offset', 'An offset from UTC.', '2026-01-02T03:04:05+01:00'),
    created('offset-zero', 'An offset of nothing, instead of Z.', '2026-01-02T03:04:05+00:00'),
    created('no-zone', 'No zone.', '2026-01-02T03:04:05'),
    created('date-only', 'A date without a time.', '2026-01-02'),
    created('no-seconds', 'No seconds.', '2026-01-02T03:04Z'),
    created('year', 'A year of five digits.', '12026-01-02T03:04:05Z'),
    created('sign', 'A year with a sign.', '+002026-01-02T03:04:05Z'),
    created('month', 'Month 13.', '2026-13-02T03:04:05Z'),
    created('month-zero', 'Month 0.', '2026-00-02T03:04:05Z'),
    created('day', '31 April.', '2026-04-31T03:04:05Z'),
    created('day-zero', 'Day 0.', '2026-01-00T03:04:05Z'),
    created('leap-day', '29 February of a year that has none.', '2100-02-29T03:04:05Z'),
    created('hour', 'Hour 24.', '2026-01-02T24:00:00Z'),
    created('minute', 'Minute 60.', '2026-01-02T03:60:05Z'),
    created('leap-second', 'Second 60.', '2016-12-31T23:59:60Z'),
    created('fraction-empty', 'A point, and no digit after it.', '2026-01-02T03:04:05.Z'),
    created('fraction-comma', 'A comma for the point.', '2026-01-02T03:04:05,5Z'),
    created('fraction-long', 'Ten digits of a second.', '2026-01-02T03:04:05.0123456789Z'),
    created('digits', 'Digits of another script.', '٢٠٢٦-01-02T03:04:05Z'),
    tampered('created-number', 'The time is a number.', '{"created":1767322999}'),
    tampered('depth', 'A number that stands inside 7 objects and arrays.', '{"z":[[[[[[1]]]]]]}'),
    tampered(
      'depth-empty',
      'An empty object that stands inside 7 objects and arrays.',
      '{"z":[[[[[[{}]]]]]]}',
    ),
    tampered('array', 'An array instead of an object.', '[]'),
    tampered('order', 'Members in another order.', '{"size":150,"name":"a"}'),
    tampered('name-directory', 'A name with a directory.', '{"name":"a/b"}'),
    tampered('digest-upper-case', 'A digest in upper case.', `{"digest":"sha256:${'A'.repeat(64)}"}`),
    tampered('size-text', 'A size that is text.', '{"size":"150"}'),
    tampered('line-feed', 'A line feed after the object, which only spaces may follow.', '{}\n'),
  ];
}
