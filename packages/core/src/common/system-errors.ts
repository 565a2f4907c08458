import type { ErrorCode } from '../errors.js';

/** What the system says, in our words. */
export interface SystemFailure {
  /** The system's name for it, or Node's where it never reached the system. */
  readonly errno: string;
  readonly code: ErrorCode;
  /** A sentence that says what it is, and what to do. */
  readonly hint: string;
}

type Row = readonly [ErrorCode, string];

const MEMORY: Row = [
  'IO_ERROR',
  'The system has no more memory for it; free some, or raise the limit (of the container, or ulimit -v).',
];
const NO_SUCH_OPERATION: Row = [
  'IO_ERROR',
  'The file system there cannot do that; choose a place on another one.',
];
const NETWORK_GONE: Row = [
  'IO_ERROR',
  'The network file system there lost the file, or its server; see that it is mounted, and try again.',
];
const DAMAGED: Row = [
  'IO_ERROR',
  'The file system or its disk is damaged there; look into the log of the system (dmesg), have it checked (fsck), and put back a sound copy.',
];
const LOCKED: Row = [
  'IO_ERROR',
  'It is encrypted by the file system (fscrypt, eCryptfs), and its key is not there, or of no use any more; unlock it first.',
];
const NO_MEDIUM: Row = [
  'IO_ERROR',
  'The drive has nothing in it that can be used; put it in, or choose another place.',
];
const NO_SUCH_DEVICE: Row = [
  'IO_ERROR',
  'It is a device, pipe or socket with nothing behind it; give a regular file, or - for a stream.',
];

/** The one table of what a machine can refuse: every package of ours takes its sentences from here. */
const table: Readonly<Record<string, Row>> = {
  ENOENT: ['INPUT_NOT_FOUND', 'It does not exist; check the path.'],
  ENOTDIR: ['IO_ERROR', 'A part of the path is a file and no directory; check the path.'],
  EISDIR: ['IO_ERROR', 'It is a directory, not a file.'],
  ELOOP: ['IO_ERROR', 'Its symbolic links lead round in a circle, or there are too many; check the path.'],
  ENAMETOOLONG: [
    'IO_ERROR',
    'A name has at most 255 bytes, and a path 4095; choose a shorter one, or check the path.',
  ],
  EEXIST: [
    'OUTPUT_EXISTS',
    'It exists already; allow overwriting (--force; `overwrite: true` in a program), or choose another name.',
  ],
  ENOTEMPTY: ['IO_ERROR', 'The directory is not empty; choose another one.'],
  EACCES: ['IO_ERROR', 'Permission was denied; check owner and mode, of the directories too.'],
  EPERM: [
    'IO_ERROR',
    'The system does not allow it to this user: check the owner, whether it is immutable or only for appending (lsattr), and security policies.',
  ],
  EROFS: [
    'IO_ERROR',
    'The file system is mounted read-only; choose another place, or mount it for writing (Kubernetes: readOnlyRootFilesystem, or readOnly of the volume).',
  ],
  EBUSY: [
    'IO_ERROR',
    'It is in use: a mount point (a file that is mounted alone, as a container does), or locked by another process; choose another path, or wait.',
  ],
  ETXTBSY: [
    'IO_ERROR',
    'It is being executed, or used as swap; wait until it is not, or choose another path.',
  ],
  EXDEV: ['IO_ERROR', 'It would lead from one file system to another; choose a place on the same one.'],
  EMLINK: ['IO_ERROR', 'The file system allows no more links there; choose another place.'],
  ENOSPC: ['NO_SPACE', 'No space is left there; free some, or choose another place.'],
  EDQUOT: ['NO_SPACE', 'The disk quota is used up there; free some.'],
  EFBIG: [
    'NO_SPACE',
    'The file would be larger than this process (ulimit -f) or the file system (FAT: 4 GiB) allows; raise the limit, or choose another place.',
  ],
  EMFILE: [
    'IO_ERROR',
    'This process has as many files open as it may; raise the limit (ulimit -n, LimitNOFILE in systemd).',
  ],
  ENFILE: [
    'IO_ERROR',
    'The machine has as many files open as it can; close some, or raise the limit (fs.file-max).',
  ],
  ENOLCK: [
    'IO_ERROR',
    'The system gives no more locks there; see that the lock service of the file server runs.',
  ],
  ENOMEM: MEMORY,
  ENOBUFS: MEMORY,
  ERR_MEMORY_ALLOCATION_FAILED: MEMORY,
  ERR_WORKER_OUT_OF_MEMORY: MEMORY,
  EAGAIN: [
    'IO_ERROR',
    'The system gives no thread or process just now; raise the limit of processes and threads (ulimit -u, or the pids limit of the container), or try again.',
  ],
  ERR_WORKER_INIT_FAILED: [
    'IO_ERROR',
    'The system gives no thread; raise the limits of threads, open files and memory (ulimit -u, -n and -v, or those of the container).',
  ],
  EIO: ['IO_ERROR', 'The device failed; look into the log of the system (dmesg), and take another disk.'],
  EUCLEAN: DAMAGED,
  EBADMSG: DAMAGED,
  ENODATA: DAMAGED,
  EHWPOISON: [
    'IO_ERROR',
    'A part of the memory of this machine is broken (dmesg says which); use another one.',
  ],
  ENOKEY: LOCKED,
  EKEYEXPIRED: LOCKED,
  EKEYREVOKED: LOCKED,
  EKEYREJECTED: LOCKED,
  ENOMEDIUM: NO_MEDIUM,
  EMEDIUMTYPE: NO_MEDIUM,
  EPROTO: NETWORK_GONE,
  ENOLINK: NETWORK_GONE,
  ENONET: NETWORK_GONE,
  ECOMM: NETWORK_GONE,
  EREMOTE: NETWORK_GONE,
  EREMOTEIO: NETWORK_GONE,
  ESTALE: NETWORK_GONE,
  ENOTCONN: NETWORK_GONE,
  EHOSTDOWN: NETWORK_GONE,
  EHOSTUNREACH: NETWORK_GONE,
  ENETUNREACH: NETWORK_GONE,
  ECONNABORTED: NETWORK_GONE,
  ETIMEDOUT: NETWORK_GONE,
  ENXIO: NO_SUCH_DEVICE,
  ENODEV: NO_SUCH_DEVICE,
  ESPIPE: [
    'IO_ERROR',
    'It can only be read from its beginning to its end; give a regular file, or - for a stream.',
  ],
  EINVAL: ['IO_ERROR', 'The file system there takes no such read or write; choose a place on another one.'],
  ENOTSUP: NO_SUCH_OPERATION,
  EOPNOTSUPP: NO_SUCH_OPERATION,
  ENOSYS: [
    'IO_ERROR',
    'The system cannot do that here: the file system has no such call, or a filter forbids it (seccomp, gVisor); choose another place.',
  ],
  ENOTTY: NO_SUCH_OPERATION,
  EINTR: ['IO_ERROR', 'A signal came between; try again.'],
  ECANCELED: ['IO_ERROR', 'The system took it back; try again.'],
  EPIPE: ['IO_ERROR', 'Whoever read it has stopped reading.'],
  ECONNRESET: ['IO_ERROR', 'The other end went away; try again.'],
  EBADF: [
    'IO_ERROR',
    'It is closed, or not open for that; open it (a command started with >&- or <&- has no output or input).',
  ],
  EOVERFLOW: ['IO_ERROR', 'The file is larger than this system can tell of.'],
  EILSEQ: ['IO_ERROR', 'The file system there cannot have such a name; choose another one.'],
  ENOEXEC: ['IO_ERROR', 'It is no program that this machine can run.'],
  ERR_DLOPEN_DISABLED: [
    'IO_ERROR',
    'Node was started without native modules; start it with --allow-addons, or without --no-addons.',
  ],
  ERR_FS_FILE_TOO_LARGE: ['IO_ERROR', 'The file is too large to be read at once.'],
  ERR_STREAM_PREMATURE_CLOSE: ['IO_ERROR', 'The stream was closed before its end.'],
};

/** What Node's permission model calls a permission, and the flag that gives it. */
const flags: Readonly<Record<string, string>> = {
  FileSystem: '--allow-fs-read and --allow-fs-write',
  FileSystemRead: '--allow-fs-read',
  FileSystemWrite: '--allow-fs-write',
  ChildProcess: '--allow-child-process',
  WorkerThreads: '--allow-worker',
  Addon: '--allow-addons',
  WASI: '--allow-wasi',
  Net: '--allow-net',
  Inspector: '--allow-inspector',
};

/** What the machine said, when it is the machine's failure; undefined for any other error. */
export function systemFailure(error: unknown): SystemFailure | undefined {
  const errno = errnoOf(error);
  if (errno === undefined) return undefined;
  if (errno === 'ERR_ACCESS_DENIED') return { errno, code: 'IO_ERROR', hint: missingPermission(error) };
  if (errno === 'ERR_INVALID_ARG_VALUE' || errno === 'ERR_INVALID_ARG_TYPE') return invalidPath(error, errno);
  const row = Object.hasOwn(table, errno) ? table[errno] : undefined;
  if (row) return { errno, code: row[0], hint: row[1] };
  // Names of the system begin with E, and nothing else of Node's does but its own ERR_.
  return /^E(?!RR_)[A-Z0-9]+$/.test(errno) || UNNAMED.test(errno)
    ? { errno, code: 'IO_ERROR', hint: `The system said ${errno}.` }
    : undefined;
}

/** What Node's library has no name for, in its words and in those of some streams. */
const UNNAMED = /^(?:Unknown system error -?([0-9]+)|UNKNOWN)\b/;

/** Of the kernel's own, which not even Node's constants have. Linux, on all machines that Node is made for. */
const linux: Readonly<Record<string, number>> = {
  ENONET: 64,
  EREMOTE: 66,
  ECOMM: 70,
  EUCLEAN: 117,
  EREMOTEIO: 121,
  ENOMEDIUM: 123,
  EMEDIUMTYPE: 124,
  ENOKEY: 126,
  EKEYEXPIRED: 127,
  EKEYREVOKED: 128,
  EKEYREJECTED: 129,
  EHWPOISON: 133,
};

/** The system's name for what Node gives as a number. */
function named(code: string, errno: unknown, text: string): string {
  const said = typeof errno === 'number' ? Math.abs(errno) : UNNAMED.exec(code)?.[1];
  const number = Number(said ?? /\bUnknown system error -?([0-9]+)/.exec(text)?.[1]);
  if (Number.isNaN(number)) return code;
  // Loaded only here: most failures have a name.
  const { constants } = process.getBuiltinModule('node:os');
  const known = { ...constants.errno, ...(process.platform === 'linux' && linux) };
  return (
    Object.entries(known).find(([, value]) => value === number)?.[0] ?? `Unknown system error -${number}`
  );
}

function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, errno, message } = error as { code?: unknown; errno?: unknown; message?: unknown };
  const text = typeof message === 'string' ? message : '';
  // Node's loader of modules has a code of its own for whatever keeps it from reading one.
  if (/\btoo many open files\b/i.test(text)) return 'EMFILE';
  // A thread that could not start names the reason last.
  if (code === 'ERR_WORKER_INIT_FAILED') return /\b(E[A-Z0-9]+)$/.exec(text)?.[1] ?? code;
  if (typeof code === 'string' && UNNAMED.test(code)) return named(code, errno, text);
  if (typeof code === 'string') return /^ERR_OSSL_.*(MALLOC|MEMORY)/.test(code) ? 'ENOMEM' : code;
  // V8 and OpenSSL have a message for it, and no code.
  return /\ballocation failed\b|\bmalloc failure\b|\bout of memory\b/i.test(text) ? 'ENOMEM' : undefined;
}

function missingPermission(error: unknown): string {
  const { permission } = error as { permission?: unknown };
  const flag =
    typeof permission === 'string' && Object.hasOwn(flags, permission) ? flags[permission] : undefined;
  if (flag) return `Node's permission model does not allow it; start Node with ${flag} for it.`;
  return "Node's permission model does not allow it, and has no flag for it alone; start Node without --permission.";
}

function invalidPath(error: unknown, errno: string): SystemFailure | undefined {
  const message = String((error as Error).message);
  if (message.includes('null bytes'))
    return { errno, code: 'INVALID_ARGUMENT', hint: 'A path cannot hold a NUL; check where it comes from.' };
  if (/"(path|oldPath|newPath|file)" (argument|property)/.test(message))
    return { errno, code: 'INVALID_ARGUMENT', hint: 'The path is no text; give it as a string.' };
  return undefined;
}
