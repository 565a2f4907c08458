import koffi from 'koffi';
import { HelperFailure } from '../messages.js';
import { CKF, CKR, FUNCTIONS, type FunctionName } from './constants.js';
import { functionOffset, type Layout } from './layout.js';
import { Memory } from './memory.js';

type Argument = number | bigint | null;
type Native = (...args: readonly Argument[]) => number | bigint;

interface NativeFunction extends Native {
  async(...args: readonly (Argument | ((error: unknown, rv: number | bigint) => void))[]): void;
}

interface DlOpen {
  async(path: string, flags: number, done: () => void): void;
}

// koffi runs a call on a stack of its own, of 128 KiB unless told. Modules expect what a thread has.
koffi.config({ async_stack_size: 1024 * 1024 });

const RTLD_NOW = 2;
const TYPES = { p: 'void *', u: 'ulong', b: 'uint8_t' } as const;

/** A loaded PKCS#11 module: its functions, each called in a thread of libuv's pool. */
export class Library {
  readonly layout: Layout = {
    ulong: koffi.sizeof('ulong'),
    pointer: koffi.sizeof('void *'),
    packed: process.platform === 'win32',
  };
  // The library may be unloaded once nothing refers to it.
  readonly #handle: ReturnType<typeof koffi.load>;
  #list = 0n;
  readonly #functions = new Map<FunctionName, NativeFunction>();

  private constructor(path: string) {
    this.#handle = koffi.load(path);
  }

  async #findFunctions(): Promise<void> {
    using memory = this.memory();
    const out = memory.fields(0n);
    const getFunctionList = this.#handle.func('C_GetFunctionList', 'ulong', ['void *']);
    check('C_GetFunctionList', await result(getFunctionList as NativeFunction, [out.address]));
    this.#list = koffi.decode(out.address, 'uintptr_t');
  }

  /** Loads and initializes. One Library for each path and process. @throws HelperFailure */
  static async load(path: string): Promise<Library> {
    let library: Library;
    try {
      await preload(path);
      library = new Library(path);
      await library.#findFunctions();
    } catch (error) {
      if (error instanceof HelperFailure) throw error;
      throw new HelperFailure({
        kind: 'no-module',
        detail: `${path}: ${error instanceof Error ? error.message : error}`,
      });
    }
    using memory = library.memory();
    const args = memory.fields(0n, 0n, 0n, 0n, CKF.OS_LOCKING_OK, 0n);
    await library.call('C_Initialize', [args.address], [CKR.CRYPTOKI_ALREADY_INITIALIZED]);
    return library;
  }

  memory(): Memory {
    return new Memory(this.layout, (bytes) => koffi.address(bytes));
  }

  /** Calls the function, and returns what it returns if that is CKR_OK or one of `accepted`. @throws HelperFailure */
  async call(
    name: FunctionName,
    args: readonly Argument[],
    accepted: readonly number[] = [],
  ): Promise<number> {
    const rv = await result(this.#native(name), args);
    return accepted.includes(rv) ? rv : check(name, rv);
  }

  #native(name: FunctionName): NativeFunction {
    const known = this.#functions.get(name);
    if (known) return known;
    const [place, kinds] = FUNCTIONS[name];
    const address: bigint = koffi.decode(this.#list, functionOffset(this.layout, place), 'uintptr_t');
    // PKCS#11 lets a module leave out what it does not have.
    if (BigInt(address) === 0n) throw failed(name, CKR.FUNCTION_NOT_SUPPORTED);
    const parameters = [...kinds].map((kind) => TYPES[kind as keyof typeof TYPES]);
    const native: NativeFunction = koffi.decode(address, koffi.proto('ulong', parameters));
    this.#functions.set(name, native);
    return native;
  }
}

/** In a thread of its own, as every call: koffi.load would keep this one, which then would not see that nobody needs it any more. */
async function preload(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const dlopen = koffi.load(null).func('dlopen', 'uintptr_t', ['str', 'int']) as unknown as DlOpen;
  await new Promise<void>((resolve) => dlopen.async(path, RTLD_NOW, () => resolve()));
}

function result(native: NativeFunction, args: readonly Argument[]): Promise<number> {
  return new Promise((resolve, reject) => {
    native.async(...args, (error, value) => (error ? reject(error) : resolve(Number(value))));
  });
}

function check(fn: string, rv: number): number {
  if (rv === CKR.OK) return rv;
  throw failed(fn, rv);
}

function failed(fn: string, rv: number): HelperFailure {
  return new HelperFailure({ kind: 'ckr', fn, rv });
}
