import { chown, mkdir } from 'node:fs/promises';
import { placeError } from '../place/place-error.js';
import type { Owner } from '../plaintext.js';

/** The directory in memory for what a command writes besides. No model has such a name. */
export const CACHES = '.caches';

/**
 * By these, engines and the libraries under them are told where to keep what they compile, convert and download, all of which can hold weights; each with its directory in
 * ours, and where it is unless told, `~` being home and `$` the directory of XDG_CACHE_HOME.
 */
const VARIABLES: Readonly<Record<string, readonly [within: string, usual?: string]>> = {
  XDG_CACHE_HOME: ['xdg', '~/.cache'],
  HF_HOME: ['huggingface', '$/huggingface'],
  HF_HUB_CACHE: ['huggingface/hub', '$/huggingface/hub'],
  HUGGINGFACE_HUB_CACHE: ['huggingface/hub'],
  HF_ASSETS_CACHE: ['huggingface/assets'],
  HF_XET_CACHE: ['huggingface/xet'],
  HF_DATASETS_CACHE: ['huggingface/datasets'],
  HF_MODULES_CACHE: ['huggingface/modules'],
  TRANSFORMERS_CACHE: ['huggingface/hub'],
  SENTENCE_TRANSFORMERS_HOME: ['sentence-transformers'],
  TORCH_HOME: ['torch', '$/torch'],
  TORCH_EXTENSIONS_DIR: ['torch-extensions', '$/torch_extensions'],
  TORCHINDUCTOR_CACHE_DIR: ['torchinductor', '/tmp/torchinductor_%'],
  TRITON_HOME: ['triton-home', '~/.triton'],
  TRITON_CACHE_DIR: ['triton', '~/.triton/cache'],
  TRITON_DUMP_DIR: ['triton-dump', '~/.triton/dump'],
  TVM_FFI_CACHE_DIR: ['tvm-ffi'],
  TILELANG_CACHE_DIR: ['tilelang', '~/.tilelang/cache'],
  VLLM_CACHE_ROOT: ['vllm', '$/vllm'],
  VLLM_ASSETS_CACHE: ['vllm/assets'],
  SGLANG_CACHE_DIR: ['sglang', '$/sglang'],
  SGLANG_DG_CACHE_DIR: ['deep-gemm', '$/deep_gemm'],
  DG_JIT_CACHE_DIR: ['deep-gemm', '~/.deep_gemm'],
  FLASHINFER_WORKSPACE_BASE: ['flashinfer', '$/flashinfer'],
  TLLM_LLMAPI_BUILD_CACHE_ROOT: ['tensorrt-llm', '/tmp/.cache/tensorrt_llm'],
  ORT_TENSORRT_CACHE_PATH: ['onnxruntime-tensorrt'],
  ORT_TENSORRT_ENGINE_CACHE_PATH: ['onnxruntime-tensorrt'],
  CUDA_CACHE_PATH: ['cuda', '~/.nv/ComputeCache'],
  MIOPEN_USER_DB_PATH: ['miopen', '~/.config/miopen'],
  MIOPEN_CUSTOM_CACHE_DIR: ['miopen', '$/miopen'],
  NUMBA_CACHE_DIR: ['numba'],
  JAX_COMPILATION_CACHE_DIR: ['jax'],
  NEURON_COMPILE_CACHE_URL: ['neuron', '/var/tmp/neuron-compile-cache'],
  LLAMA_CACHE: ['llama.cpp', '$/llama.cpp'],
  KERAS_HOME: ['keras', '~/.keras'],
  TFHUB_CACHE_DIR: ['tfhub', '/tmp/tfhub_modules'],
};
const TMP = 'tmp';
const OF_TMP = ['TMPDIR', 'TMP', 'TEMP'];

/** What of a command's is kept in memory. */
export interface CacheOptions {
  readonly caches: boolean;
  readonly tmp: boolean;
}

/** Makes the directory, with all that the variables name: not every library makes its own. @throws IO_ERROR */
export async function makeCaches(directory: string, owner: Owner | undefined): Promise<void> {
  try {
    for (const name of ['.', TMP, ...Object.values(VARIABLES).map(([within]) => within)]) {
      const made = await mkdir(`${directory}/${name}`, { recursive: true, mode: 0o700 });
      if (owner && (made !== undefined || name === '.'))
        await chown(`${directory}/${name}`, owner.uid, owner.gid);
    }
  } catch (error) {
    throw placeError(error, 'make a directory in memory');
  }
}

/** The variables that lead there. Those in `keep` the command is to have as they are. */
export function cacheVariables(
  environment: NodeJS.ProcessEnv,
  directory: string,
  { caches, tmp }: CacheOptions,
  keep: readonly string[] = [],
): NodeJS.ProcessEnv {
  const variables = caches
    ? Object.entries(VARIABLES).map(([name, [within]]) => [name, within] as const)
    : [];
  const temporary = tmp ? OF_TMP.map((name) => [name, TMP] as const) : [];
  const changed = [...variables, ...temporary].filter(([name]) => !keep.includes(name));
  const led = changed.map(([name, within]) => [name, `${directory}/${within}`] as const);
  return { WEIGHTSEAL_CACHE_PATH: directory, ...Object.fromEntries(led), ...tokenIn(environment, changed) };
}

/** What a user has logged in with lies in a cache, too: it is read where it was. */
function tokenIn(
  environment: NodeJS.ProcessEnv,
  changed: readonly (readonly [string, string])[],
): NodeJS.ProcessEnv {
  const moved = changed.some(([name]) => name === 'HF_HOME');
  const home = usualPlace('HF_HOME', environment);
  if (!moved || environment['HF_TOKEN_PATH'] || home === undefined) return {};
  return { HF_TOKEN_PATH: `${home}/token` };
}

/** The directories in which a command with that environment keeps such things, if nobody leads it elsewhere. */
export function cacheDirectories(environment: NodeJS.ProcessEnv): string[] {
  const places = Object.keys(VARIABLES).map((name) => usualPlace(name, environment));
  const known = [...new Set(places.filter((place) => place !== undefined))];
  // What lies in another of them is looked through with that.
  return known.filter((one) => !known.some((other) => other !== one && one.startsWith(`${other}/`)));
}

function usualPlace(name: string, environment: NodeJS.ProcessEnv): string | undefined {
  const given = environment[name];
  const usual = given || VARIABLES[name]?.[1];
  if (!usual) return undefined;
  const { HOME: home = '', USER: user = 'root' } = environment;
  const path = given
    ? usual
    : usual
        .replace(/^~/, home)
        .replace(/^\$/, environment['XDG_CACHE_HOME'] || `${home}/.cache`)
        .replace('%', user);
  return path.startsWith('/') ? path.replace(/\/+$/, '') : undefined;
}
