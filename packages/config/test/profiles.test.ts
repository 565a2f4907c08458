import { describe, expect, test } from 'vitest';
import { fromYaml } from './support/folder.js';

const TEXT = `
profile: dev
keys:
  models: local:dev.key
  shared: local:shared.key
recipients:
  - path: secret/**
    keys: [shared]
  - keys: [models]
open: [models]
deadlineMs: 3000
profiles:
  dev: {}
  prod:
    keys:
      models: aws-kms://\${REGION}
      backup: gcp-kms://projects/p
    open: [models, backup]
    hedgeMs: 200
`;
const env = { REGION: 'alias/models' };
const of = (profile?: string, more: NodeJS.ProcessEnv = env) => fromYaml(TEXT, { profile, env: more });

describe('a profile is laid over the rest', () => {
  test('keys one by one, by their names', async () => {
    const { keys } = await of('prod');
    expect([...keys.values()].map(({ name, uri }) => `${name} ${uri}`)).toEqual([
      'models aws-kms://alias/models',
      'shared local:shared.key',
      'backup gcp-kms://projects/p',
    ]);
  });

  test('lists as a whole', async () => {
    expect((await of('dev')).keysToOpen()!.map(({ name }) => name)).toEqual(['models']);
    expect((await of('prod')).keysToOpen()!.map(({ name }) => name)).toEqual(['models', 'backup']);
  });

  test('what it does not say stays', async () => {
    const { deadlineMs, hedgeMs, recipients } = await of('prod');
    expect([deadlineMs, hedgeMs, recipients.length]).toEqual([3000, 200, 2]);
  });

  test('so the same name means another cloud', async () => {
    expect((await of('dev')).key('models').uri).toBe('local:dev.key');
    expect((await of('prod')).key('models').uri).toBe('aws-kms://alias/models');
    expect((await of('prod')).keysToSeal('x')!.keys[0]!.uri).toBe('aws-kms://alias/models');
  });
});

describe('which profile counts', () => {
  test("the file's own, unless the environment says another, unless the caller does", async () => {
    expect((await of()).profile).toBe('dev');
    expect((await of(undefined, { ...env, WEIGHTSEAL_PROFILE: 'prod' })).profile).toBe('prod');
    expect((await of('dev', { ...env, WEIGHTSEAL_PROFILE: 'prod' })).profile).toBe('dev');
    expect((await of(undefined, { ...env, WEIGHTSEAL_PROFILE: '' })).profile).toBe('dev');
  });

  test('none where nobody says one', async () => {
    const { profile, profiles } = await fromYaml('profiles: { a: {}, b: {} }');
    expect([profile, profiles]).toEqual([undefined, ['a', 'b']]);
  });

  test('the environment can choose in the file', async () => {
    const text = 'profile: $' + '{STAGE:-dev}\nprofiles: { dev: {}, prod: {} }';
    expect((await fromYaml(text)).profile).toBe('dev');
    expect((await fromYaml(text, { env: { STAGE: 'prod' } })).profile).toBe('prod');
  });

  test('one that there is not is told, with the one that was meant', async () => {
    await expect(of('prdo')).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'The configuration has no profile "prdo"; did you mean prod?',
    });
    await expect(of(undefined, { WEIGHTSEAL_PROFILE: 'x' })).rejects.toMatchObject({
      message: expect.stringContaining('its profiles are dev, prod.'),
    });
  });

  test('development needs no variable of production', async () => {
    await expect(of('dev', {})).resolves.toBeDefined();
    await expect(of('prod', {})).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test('a variable that a profile replaces is not needed', async () => {
    const text = 'keys: { a: "local:$' + '{NOT_SET}" }\nprofiles: { dev: { keys: { a: "local:a" } } }';
    expect((await fromYaml(text, { profile: 'dev' })).key('a').uri).toBe('local:a');
  });
});

describe('where there are profiles and none was chosen', () => {
  const hint =
    /No profile was chosen, and one may have it: dev, prod\. Choose by --profile, WEIGHTSEAL_PROFILE, or `profile` in the file\.$/;

  test('what is not there is told with the profiles that may have it', async () => {
    const config = await fromYaml('profiles: { dev: { keys: { models: local:k } }, prod: {} }', {});
    expect(() => config.key('models')).toThrow(hint);
    const chosen = await fromYaml('profiles: { dev: {}, prod: {} }', { profile: 'prod' });
    expect(() => chosen.key('models')).toThrow(/its keys are none\.$/);
  });

  test('so is a key that only they have, where the rest names it', async () => {
    const text =
      'open: [models]\nprofiles:\n  dev: { keys: { models: local:k } }\n  prod: { keys: { models: local:p } }\n';
    await expect(fromYaml(text, {})).rejects.toThrow(/open\[0\] names "models", which is no key/);
    await expect(fromYaml(text, {})).rejects.toThrow(hint);
    await expect(fromYaml(text, { profile: 'dev' })).resolves.toBeDefined();
  });
});
