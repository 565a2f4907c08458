import { constants, type FileHandle } from 'node:fs/promises';
import { shown } from '../format/path.js';
import { openBelow } from '../io/below/open.js';
import { type Stored, saysLink } from '../io/below/rules.js';
import { FileSource } from '../io/byte-source.js';
import { IS_LINK, memberMissing, memberTampered, NO_FILE, openError } from './member-error.js';

const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** Opens a file of the bundle as it must be: regular, not through a link. @throws MEMBER_MISSING, MEMBER_TAMPERED, IO_ERROR */
export async function openMemberFile(file: string, stored: Stored, size: number): Promise<FileSource> {
  let handle: FileHandle | undefined;
  try {
    handle = await openBelow(stored, file, FLAGS);
    if (!(await handle.stat()).isFile()) throw memberTampered(file, 'it is no regular file');
    const source = await FileSource.of(shown(file), handle);
    if (source.size === size) return source;
    throw memberTampered(file, 'it has another length');
  } catch (error) {
    await handle?.close();
    throw noFile(error, file);
  }
}

function noFile(error: unknown, file: string): unknown {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (saysLink(error)) return memberTampered(file, `it ${IS_LINK}`, error);
  if (NO_FILE.includes(code)) return memberTampered(file, 'it is no regular file', error);
  if (['ENOENT', 'ENOTDIR'].includes(code)) return memberMissing(file);
  return openError(error, file);
}
