import { alternate, ratioAtMost } from '../measure.ts';
import { GIB } from '../sizes.ts';
import type { Suite } from '../suite.ts';
import { cp, has, sha256 } from '../tools/system.ts';
import { BARE } from '../tools/weightseal.ts';

export const seal: Suite = {
  name: 'seal',
  title: 'Seal, beside a SHA-256 and a copy',
  async run(bench) {
    const { scratch, weightseal } = bench;
    const bytes = bench.size(4 * GIB);
    bench.need(2.1 * bytes);
    const plain = scratch.plaintext('plain', bytes);
    const sealed = scratch.path('sealed');
    const hashing = (await has('openssl')) ? [sha256(plain)] : [];
    const timings = await alternate(
      [
        weightseal.seal(plain, sealed),
        weightseal.seal(plain, sealed, ['--no-manifest']),
        weightseal.seal(plain, sealed, BARE),
        cp(plain, scratch.path('copy')),
        ...hashing,
      ],
      { runs: bench.runs(5, 9), bytes, scratch },
    );
    const [all, noManifest, bare, copied, hashed] = timings;
    return {
      timings,
      checks: [
        ...(hashed
          ? [
              ratioAtMost('seal / openssl dgst -sha256', all!, hashed, 1.2),
              ratioAtMost('seal --no-manifest / openssl dgst -sha256', noManifest!, hashed, 1.2),
            ]
          : []),
        ratioAtMost('seal, bare / cp', bare!, copied!, 1.2),
      ],
      notes: [
        'A seal makes two digests, of the plaintext and of what is sealed (for its manifest), each on a thread of its own: with encryption that is work for three processors.',
        ...(hashed ? [] : ['Without openssl, which is not here.']),
      ],
    };
  },
};
