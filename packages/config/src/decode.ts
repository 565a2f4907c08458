import { WeightsealError } from '@weightseal/core';

const SAVE = 'save it as UTF-8';
/** What editors and shells of Windows put at the beginning of a file, longest first. */
const MARKS: readonly (readonly [bytes: readonly number[], name: string])[] = [
  [[0xff, 0xfe, 0, 0], 'UTF-32'],
  [[0, 0, 0xfe, 0xff], 'UTF-32'],
  [[0xff, 0xfe], 'UTF-16'],
  [[0xfe, 0xff], 'UTF-16'],
];

/** The text of a configuration, without the mark that some editors begin UTF-8 with. @throws CONFIG_INVALID */
export function decode(bytes: Uint8Array, file: string): string {
  const [, name] = MARKS.find(([mark]) => mark.every((byte, index) => bytes[index] === byte)) ?? [];
  if (name !== undefined)
    throw invalid(`${file}: The file is ${name}, as PowerShell's > writes it; ${SAVE}.`);
  const nul = bytes.indexOf(0);
  // Without a mark, UTF-16 has one in the first letter.
  if (nul >= 0 && nul < 4) throw invalid(`${file}: The file is UTF-16 without a mark, or no text; ${SAVE}.`);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
  if (nul >= 0)
    throw invalid(`${placeOf(bytes, nul, file)}: A NUL byte stands here, which no text has; ${SAVE}.`);
  const again = Buffer.from(text);
  const wrong = again.equals(bytes) ? -1 : again.findIndex((byte, index) => byte !== bytes[index]);
  if (wrong >= 0) throw invalid(`${placeOf(bytes, wrong, file)}: What stands here is not UTF-8; ${SAVE}.`);
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

/** `file:line:column` */
function placeOf(bytes: Uint8Array, at: number, file: string): string {
  const before = Buffer.from(bytes.subarray(0, at))
    .toString()
    .replace(/^\ufeff/, '')
    .split('\n');
  return `${file}:${before.length}:${before.at(-1)!.length + 1}`;
}

function invalid(message: string): WeightsealError {
  return new WeightsealError('CONFIG_INVALID', message);
}
