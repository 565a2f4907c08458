import { type Judgement, type ReleaseJudge, type UnopenedRelease, WeightsealError } from '@weightseal/core';
import { judgeBy, readNamed, type Work } from './judge.js';
import { type CheckedRule, checkOrder, checkRule, checkTrustOptions } from './policy.js';
import type { Require, TrustOptions, TrustRule } from './types.js';
import { emitWarning, warned } from './warning.js';

/**
 * What judges releases by a policy: open, load, rewrap and the like take it as `trust`, and ask it before any key. The first rule that matches the model counts.
 *
 * Which model it is the context says (`model`), and where that says nothing the manifest (`name`), which anybody may write who can write to the storage. So a name from there chooses among what is asked
 * for, and never that less is: where anything in the policy enforces, the rule for such a name does.
 *
 * @throws INVALID_ARGUMENT
 */
export function createTrust(policy: readonly TrustRule[], options: TrustOptions = {}): ReleaseJudge {
  if (!Array.isArray(policy))
    throw new WeightsealError('INVALID_ARGUMENT', 'A trust policy is an array of rules.');
  const {
    others = 'enforce',
    onWarning = emitWarning,
    state = 'user',
    now = Date.now,
  } = checkTrustOptions(options);
  const rules: readonly CheckedRule[] = policy.map(checkRule);
  checkOrder(policy);
  const all = new Set<Require>([others, ...rules.map(({ require }) => require)]);
  const ruleFor = (model: string) => rules.find(({ matches }) => matches(model));
  const requireFor = (model: string) => ruleFor(model)?.require ?? others;
  return {
    async judge(release, { signal }) {
      const work: Work = { release, ruleFor, state, now, signal };
      const model = modelIn(release);
      const strictest = all.has('enforce') ? 'enforce' : all.has('warn') ? 'warn' : 'off';
      const require = model === undefined ? strictest : requireFor(model);
      if (require === 'off') return 'unjudged';
      if (require === 'enforce') {
        await judgeBy(await readNamed(work, model), work);
        return 'judged';
      }
      let judgement: Judgement = 'judged';
      await warned(onWarning, async () => {
        const named = await readNamed(work, model);
        if (requireFor(named.model) === 'off') judgement = 'unjudged';
        else await judgeBy(named, work);
      });
      return judgement;
    },
  };
}

/** What its envelope says; of a release that is opened, its data key bears that out. */
function modelIn({ context }: UnopenedRelease): string | undefined {
  return Object.hasOwn(context, 'model') ? context['model'] : undefined;
}
