import { WeightsealError } from '@weightseal/core';

const MARK = /-----BEGIN ([A-Z0-9 ]+)-----/g;
const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const LINE = 64;

/**
 * The blocks of a PEM text (RFC 7468), all of which must be of one kind and whole: what was cut off while it was written must not be taken for a shorter list.
 *
 * @throws CERTIFICATE_INVALID
 */
export function pemBlocks(text: string, label: string, whence: string): string[] {
  const marks = [...text.matchAll(MARK)];
  const other = marks.map(([, name]) => name!).find((name) => name !== label);
  const blocks = marks.flatMap(({ 0: mark, index }) => wholeBlock(text, label, index, mark.length) ?? []);
  const problem =
    other !== undefined
      ? `holds ${JSON.stringify(other)}, and only ${label} belongs there`
      : blocks.length === 0
        ? `has no ${label} in PEM`
        : blocks.length !== marks.length
          ? 'has a block without its end, as while it is written'
          : undefined;
  if (problem === undefined) return blocks;
  throw new WeightsealError('CERTIFICATE_INVALID', `${whence} ${problem}. Put whole files of PEM there.`);
}

/** By places, and not by one pattern for all of it: what a pattern remembers of a list of megabytes does not fit on its stack. */
function wholeBlock(text: string, label: string, begin: number, mark: number): string | undefined {
  const last = `-----END ${label}-----`;
  const end = text.indexOf(last, begin + mark);
  if (end < 0) return undefined;
  const body = text.slice(begin + mark, end);
  return body === '' || /[^A-Za-z0-9+/=\s]/.test(body) ? undefined : text.slice(begin, end + last.length);
}

/** What stands in a block, as DER. */
export function derOf(block: string): Buffer {
  return Buffer.from(block.replaceAll(/-----[A-Z0-9 ]+-----/g, ''), 'base64');
}

/** PEM of a key, made in buffers only: a string could not be wiped. The caller wipes it. */
export function pemOf(der: Uint8Array, label: string): Buffer {
  const [begin, end] = [`-----BEGIN ${label}-----\n`, `-----END ${label}-----\n`];
  const digits = 4 * Math.ceil(der.length / 3);
  const pem = Buffer.alloc(begin.length + digits + Math.ceil(digits / LINE) + end.length);
  let at = pem.write(begin);
  let column = 0;
  const put = (byte: number) => {
    pem[at++] = byte;
    if (++column < LINE) return;
    pem[at++] = 0x0a;
    column = 0;
  };
  for (let index = 0; index < der.length; index += 3) {
    const [first = 0, second = 0, third = 0] = der.subarray(index, index + 3);
    const left = der.length - index;
    put(ALPHABET[first >> 2]!);
    put(ALPHABET[((first & 3) << 4) | (second >> 4)]!);
    put(left > 1 ? ALPHABET[((second & 15) << 2) | (third >> 6)]! : 0x3d);
    put(left > 2 ? ALPHABET[third & 63]! : 0x3d);
  }
  if (column > 0) pem[at++] = 0x0a;
  pem.write(end, at);
  return pem;
}
