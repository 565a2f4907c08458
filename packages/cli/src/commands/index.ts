import type { Run } from '../types.js';
import { completion } from './completion.js';
import { configShow, configTrust, configUntrust } from './config.js';
import { help } from './help.js';
import { inspect } from './inspect.js';
import { keygen } from './keygen.js';
import { keysCheck } from './keys-check.js';
import { keysList } from './keys-list.js';
import { open } from './open.js';
import { reseal } from './reseal.js';
import { rewrap } from './rewrap.js';
import { rotate } from './rotate.js';
import { run } from './run.js';
import { seal } from './seal.js';
import { sweep } from './sweep.js';
import { verify } from './verify.js';
import { version } from './version.js';

/** What stands behind the names in `COMMANDS`. */
export const RUNS: Readonly<Record<string, Run>> = {
  completion,
  'config show': configShow,
  'config trust': configTrust,
  'config untrust': configUntrust,
  help,
  inspect,
  keygen,
  'keys check': keysCheck,
  'keys list': keysList,
  open,
  reseal,
  rewrap,
  rotate,
  run,
  seal,
  sweep,
  verify,
  version,
};
