import { writeFileSync } from 'node:fs';
import { ratioAtMost } from '../measure.ts';
import { execute } from '../process.ts';
import type { Timing } from '../result.ts';
import { safetensorsHeader } from '../safetensors.ts';
import { GIB, MIB } from '../sizes.ts';
import type { Suite } from '../suite.ts';
import { runProbe } from '../tools/probe.ts';

const TENSORS = 100;
const PROCESS_BYTES: number = 256 * MIB;

export const tensor: Suite = {
  name: 'tensor',
  title: 'Read one tensor of a hundred, beside loading the whole',
  async run(bench) {
    const { scratch, weightseal } = bench;
    const bytes = bench.size(4 * GIB);
    bench.need(2.2 * bytes);
    const each = Math.floor(bytes / TENSORS / 4) * 4;
    const plain = scratch.path('plain');
    writeFileSync(plain, safetensorsHeader(TENSORS, each));
    scratch.append('plain', TENSORS * each);
    const sealed = scratch.path('sealed');
    await execute(weightseal.seal(plain, sealed).argv);
    scratch.remove('plain');
    const one: number[] = [];
    const whole: number[] = [];
    for (let run = 0; run < bench.runs(7, 15); run++) {
      scratch.warm(each + PROCESS_BYTES);
      const name = `t${(run * 37) % TENSORS}`;
      const read = await runProbe<{ milliseconds: number; bytes: number }>(
        'tensor',
        sealed,
        weightseal.keyPath,
        name,
      );
      if (read.bytes !== each) throw new Error(`The tensor has ${read.bytes} bytes, not ${each}.`);
      one.push(read.milliseconds);
      whole.push(
        (await runProbe<{ milliseconds: number }>('load', 'own', sealed, weightseal.keyPath)).milliseconds,
      );
    }
    const timings: Timing[] = [
      { label: 'openSafetensors and one tensor of 1 %', bytes: each, milliseconds: one },
      { label: 'load of the whole', bytes, milliseconds: whole },
    ];
    return {
      timings,
      checks: [ratioAtMost('one tensor of 1 % / the whole', timings[0]!, timings[1]!, 0.03)],
      notes: [
        'Each in a process of its own, from the call on: asking the key, and the start of threads, are in both.',
      ],
    };
  },
};
