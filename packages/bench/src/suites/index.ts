import type { Suite } from '../suite.ts';
import { bundle } from './bundle.ts';
import { cores } from './cores.ts';
import { eventLoop } from './event-loop.ts';
import { load } from './load.ts';
import { members } from './members.ts';
import { memory } from './memory.ts';
import { open } from './open.ts';
import { peers } from './peers.ts';
import { ranges } from './ranges.ts';
import { release } from './release.ts';
import { remote } from './remote.ts';
import { rewrap } from './rewrap.ts';
import { run } from './run.ts';
import { seal } from './seal.ts';
import { segments } from './segments.ts';
import { serving } from './serving.ts';
import { small } from './small.ts';
import { steps } from './steps.ts';
import { storesAway } from './stores-away.ts';
import { storesDown } from './stores-down.ts';
import { storesUp } from './stores-up.ts';
import { tensor } from './tensor.ts';
import { transit } from './transit.ts';

/** In the order of the report. */
export const SUITES: readonly Suite[] = [
  open,
  load,
  seal,
  peers,
  memory,
  small,
  run,
  bundle,
  members,
  release,
  rewrap,
  ranges,
  remote,
  storesDown,
  storesAway,
  storesUp,
  transit,
  tensor,
  eventLoop,
  serving,
  segments,
  steps,
  cores,
];
