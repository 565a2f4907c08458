import type { Suite } from '../suite.ts';
import { cores } from './cores.ts';
import { eventLoop } from './event-loop.ts';
import { memory } from './memory.ts';
import { open } from './open.ts';
import { peers } from './peers.ts';
import { ranges } from './ranges.ts';
import { rewrap } from './rewrap.ts';
import { seal } from './seal.ts';
import { segments } from './segments.ts';
import { small } from './small.ts';
import { steps } from './steps.ts';

/** In the order of the report. */
export const SUITES: readonly Suite[] = [
  open,
  seal,
  peers,
  memory,
  small,
  rewrap,
  ranges,
  eventLoop,
  segments,
  steps,
  cores,
];
