import { either } from '../bundle/either.js';
import { inspectDirectory } from '../bundle/inspect.js';
import { openDirectory } from '../bundle/open.js';
import { resealDirectory } from '../bundle/reseal.js';
import { rewrapDirectory } from '../bundle/rewrap.js';
import { sealDirectory } from '../bundle/seal.js';
import { verifyDirectory } from '../bundle/verify.js';
import type { Run } from '../types.js';
import { auditStorage } from './audit-storage.js';
import { bom } from './bom.js';
import { channelPublish, channelShow } from './channel.js';
import { completion } from './completion.js';
import { configShow, configTrust, configUntrust } from './config.js';
import { cp } from './cp.js';
import { devCa } from './dev-ca.js';
import { diff } from './diff.js';
import { help } from './help.js';
import { inspect } from './inspect.js';
import { keygen } from './keygen.js';
import { keysCheck } from './keys-check.js';
import { keysList } from './keys-list.js';
import { list } from './list.js';
import { ls } from './ls.js';
import { open } from './open.js';
import { pull } from './pull.js';
import { reseal } from './reseal.js';
import { rewrap } from './rewrap.js';
import { rotate } from './rotate.js';
import { run } from './run.js';
import { seal } from './seal.js';
import { serve } from './serve.js';
import { sign } from './sign.js';
import { storageConfigure } from './storage-configure.js';
import { sweep } from './sweep.js';
import { verify } from './verify.js';
import { withoutKey } from './verify-manifest.js';
import { verifySignature } from './verify-signature.js';
import { version } from './version.js';

/** What stands behind the names in `COMMANDS`. */
export const RUNS: Readonly<Record<string, Run>> = {
  'audit storage': auditStorage,
  bom,
  'channel publish': channelPublish,
  'channel show': channelShow,
  completion,
  'config show': configShow,
  'config trust': configTrust,
  'config untrust': configUntrust,
  cp,
  'dev-ca': devCa,
  diff,
  help,
  inspect: either('inspect', inspect, inspectDirectory),
  keygen,
  'keys check': keysCheck,
  'keys list': keysList,
  list,
  ls,
  open: either('open', open, openDirectory),
  pull,
  reseal: either('reseal', reseal, resealDirectory),
  rewrap: either('rewrap', rewrap, rewrapDirectory),
  rotate,
  run,
  seal: either('seal', seal, sealDirectory),
  serve,
  sign,
  'storage configure': storageConfigure,
  sweep,
  verify: withoutKey(either('verify', verify, verifyDirectory)),
  'verify-signature': verifySignature,
  version,
};
