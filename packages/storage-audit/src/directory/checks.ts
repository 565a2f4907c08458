import type { Check } from '../types.js';

export type DirectoryCheck = 'encryption' | 'owner' | 'written' | 'read';

/** What is asked of a directory on a disk of this machine. */
export const CHECKS: Readonly<Record<DirectoryCheck, Check>> = {
  encryption: {
    id: 'directory/encryption',
    title: 'This machine encrypts what it writes to the disk',
    why: 'Whoever takes the disk, a copy of it or a snapshot has the model. While the machine runs, every process that may read gets plain bytes all the same.',
    whenSealed:
      'A sealed model needs it no more: what is left is names, sizes and times, and what was plain there before and was not wiped.',
    severity: { plain: 'high', sealed: 'low' },
  },
  owner: {
    id: 'directory/owner',
    title: 'The directory belongs to whom it should',
    why: 'Its owner may replace, remove and give away all that lies in it, whatever the modes say.',
    whenSealed:
      'Another model for the same key could be put in its place: a signature tells that, encryption does not.',
    severity: { plain: 'high', sealed: 'medium' },
  },
  written: {
    id: 'directory/written-by-others',
    title: 'No other user can write to it, or put another in its place',
    why: 'Whoever writes there decides which weights are served, and can keep the current ones away.',
    whenSealed:
      'Another model for the same key could be put in its place, or an older one: a signature, and a channel, tell that.',
    severity: { plain: 'high', sealed: 'medium' },
  },
  read: {
    id: 'directory/read-by-others',
    title: 'No other user can look into it',
    why: 'Every process of the machine may take what lies there, where the modes of the files let it.',
    whenSealed: 'Others see names, sizes and who can open it, and no weights.',
    severity: { plain: 'medium', sealed: 'info' },
  },
};

/** Every check of a directory, for reports. */
export const DIRECTORY_CHECKS: readonly Check[] = Object.values(CHECKS);
