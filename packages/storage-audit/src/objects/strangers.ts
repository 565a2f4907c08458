import type { LyingFile, Manifest } from '@weightseal/core';
import type { Finding } from '../types.js';
import { counted, found } from './found.js';
import type { Place } from './place.js';
import { GONE, lies, see } from './plain.js';

/** Of so many it is told one by one, and of the rest how many: whoever unpacks a disk into a bundle has one finding each otherwise. */
const MOST_LOOKED_AT = 100;

/** What lies in a bundle and is none of its files, by its manifest: the listing takes a bundle as one, and nobody else looks there. */
export async function lookAtStrangers(
  place: Place,
  path: string,
  { files }: Pick<Manifest, 'files'>,
  there: readonly LyingFile[],
  signal: AbortSignal | undefined,
): Promise<Finding[]> {
  const sizes = new Map(files.map((file) => [file.path, file.size]));
  // FORMAT.md §26.3: what consoles make where somebody asks for a folder is empty.
  const isFolder = ({ path: name, sealedSize }: LyingFile) => sealedSize === 0 && /(?:^|\/)$/.test(name);
  const strangers = there.filter((one) => sizes.get(one.path) !== one.sealedSize && !isFolder(one));
  const findings: Finding[] = [];
  for (const { path: name, sealedSize } of strangers.slice(0, MOST_LOOKED_AT)) {
    const own = [path, name].filter(Boolean).join('/');
    const [resource, how] = [place.nameOf(own), sizes.has(name) ? ANOTHER : UNNAMED];
    const seen = await see(place, own, sealedSize, signal);
    if (typeof seen === 'object' && 'format' in seen)
      findings.push(found('plain', resource, 'failed', `${lies(seen.format, sealedSize)} ${how}`));
    else {
      const why = typeof seen === 'object' ? seen.unread : WHY[seen];
      findings.push(found('plain', resource, 'unread', [how, why].filter(Boolean).join(' ')));
    }
  }
  const rest = strangers.length - MOST_LOOKED_AT;
  if (rest <= 0) return findings;
  const more = (number: string) =>
    `In the bundle lie ${number} more files that are none of it, which were not looked at.`;
  return [...findings, counted('plain', place.nameOf(path), 'unread', more, rest)];
}

const WHY = {
  sealed: 'It is sealed by itself.',
  payload: 'It begins like a sealed member.',
  gone: GONE,
};
const UNNAMED = 'It lies in a bundle whose manifest does not name it. Remove it.';
const ANOTHER = 'It lies in a bundle whose manifest names another of this name, of another length.';
