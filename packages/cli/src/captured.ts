// With --json a program reads standard error, and libraries write there too: Node its warnings, gRPC its log, the console whoever likes.

/** More than anybody reads of the first and of the last; a library that logs without end must not fill our memory. */
const MOST = 50;
const LONGEST = 2000;
/** Who sets one of these wants to read what libraries print, as it comes, also where the program is stopped or hangs. */
const WANTED = /^(?:NODE_DEBUG|GRPC_(?:NODE_)?(?:TRACE|VERBOSITY)|AZURE_LOG_LEVEL)=(?!$)|^DEBUG=.*[*:]/;

const first: string[] = [];
const last: string[] = [];
let leftOut = 0;

/** Standard output has the data or the results: what the console and libraries say is for people. We write by the descriptor, or with `writeData`. */
export function consoleToPeople(): void {
  console.log = console.error;
  console.info = console.error;
  console.debug = console.error;
  exchangeWrite('stdout', toPeople);
}

/**
 * From now on what libraries write to standard error is kept, and told within the one object that we print; unless a variable asks for what they
 * write. What we write goes by the descriptor, and so past this.
 */
export function captureLibraries(): void {
  if (Object.entries(process.env).some(([name, value]) => WANTED.test(`${name}=${value}`))) return;
  // Node's own listener prints them.
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => keep(`${name}: ${message}`));
  exchangeWrite('stderr', keepChunk);
}

/** To standard output itself. */
export function writeData(chunk: Uint8Array, done: (error?: Error | null) => void): void {
  const { stdout } = process;
  const { write } = Object.getPrototypeOf(stdout) as {
    readonly write: (this: NodeJS.WriteStream, data: Uint8Array, then: typeof done) => boolean;
  };
  write.call(stdout, chunk, done);
}

type Write = NodeJS.WriteStream['write'];

/** Of a stream that Node makes when it is first asked for: a millisecond that most never need. */
function exchangeWrite(name: 'stdout' | 'stderr', write: Write): void {
  const { get: made } = Object.getOwnPropertyDescriptor(process, name)!;
  let stream: NodeJS.WriteStream | undefined;
  const get = (): NodeJS.WriteStream => {
    if (stream === undefined) {
      stream = made!.call(process) as NodeJS.WriteStream;
      stream.write = write;
      stream.end = endOf(stream);
    }
    return stream;
  };
  Object.defineProperty(process, name, { configurable: true, enumerable: true, get });
}

/** Who ends a standard stream has its last words written like all others, and does not end it for us. */
function endOf(stream: NodeJS.WriteStream): NodeJS.WriteStream['end'] {
  return (...given: unknown[]) => {
    const done = given.find((one) => typeof one === 'function') as (() => void) | undefined;
    const [chunk, encoding] = given.filter((one) => typeof one !== 'function');
    if (chunk === undefined || chunk === null) {
      if (done) process.nextTick(done);
    } else stream.write(chunk as string, encoding as BufferEncoding, () => done?.());
    return stream;
  };
}

/** What they wrote so far, as a member of what is printed. */
export async function warnings(): Promise<{ warnings?: readonly string[] }> {
  // Node tells of a warning a little later.
  await new Promise((resolve) => setImmediate(resolve));
  const left = leftOut === 0 ? [] : [`(${leftOut} lines more were left out here)`];
  return first.length === 0 ? {} : { warnings: [...first, ...left, ...last] };
}

/** A sentence of ours that a program should hear as well: told within the object, also where the work then fails. */
export function keepWarning(text: string): void {
  keep(text);
}

const toPeople: Write = (...written: unknown[]) =>
  (process.stderr.write as (...given: unknown[]) => boolean)(...written);

function keepChunk(
  chunk: string | Uint8Array,
  encodingOrDone?: BufferEncoding | ((error?: Error | null) => void),
  done?: (error?: Error | null) => void,
): boolean {
  const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
  for (const line of text.split('\n')) keep(line);
  const callback = typeof encodingOrDone === 'function' ? encodingOrDone : done;
  if (callback) process.nextTick(callback);
  return true;
}

function keep(line: string): void {
  if (line.trim() === '') return;
  const kept = line.slice(0, LONGEST);
  if (first.length < MOST) {
    first.push(kept);
    return;
  }
  last.push(kept);
  if (last.length <= MOST) return;
  last.shift();
  leftOut++;
}
