// With --json a program reads standard error, and libraries write there too: Node its warnings, gRPC its log, the console whoever likes.

/** More than anybody reads; a library that logs without end must not fill our memory. */
const MOST = 100;
const LONGEST = 2000;

const said: string[] = [];

/** Standard output has the data or the results: what the console says is for people. */
export function consoleToPeople(): void {
  console.log = console.error;
  console.info = console.error;
  console.debug = console.error;
}

/** From now on what libraries write to standard error is kept, and told within the one object that we print. What we write goes by the descriptor, and so past this. */
export function captureLibraries(): void {
  // Node's own listener prints them.
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => keep(`${name}: ${message}`));
  // A getter of Node's, which makes the stream when it is first asked: a millisecond that most never need.
  const { get: stderr } = Object.getOwnPropertyDescriptor(process, 'stderr')!;
  let stream: NodeJS.WriteStream | undefined;
  const get = (): NodeJS.WriteStream => {
    if (stream === undefined) {
      stream = stderr!.call(process) as NodeJS.WriteStream;
      stream.write = keepChunk;
    }
    return stream;
  };
  Object.defineProperty(process, 'stderr', { configurable: true, enumerable: true, get });
}

/** What they wrote so far, as a member of what is printed. */
export async function warnings(): Promise<{ warnings?: readonly string[] }> {
  // Node tells of a warning a little later.
  await new Promise((resolve) => setImmediate(resolve));
  return said.length === 0 ? {} : { warnings: [...said] };
}

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
  if (line.trim() === '' || said.length === MOST) return;
  said.push(line.slice(0, LONGEST));
}
