// Every server that others wrote and a provider is tested against, each in a module of its own:
//   name, provider (the folder under packages), also (further folders whose tests need it), version
//   programs: where each comes from (install.mjs)
//   hosts: names that have to lead to 127.0.0.1
//   start(paths of the programs, servers): starts them (server.mjs), and gives the variables that the tests read
import azure from './azure-keyvault-emulator.mjs';
import azurite from './azurite.mjs';
import cloudemu from './cloudemu.mjs';
import drongo from './drongo.mjs';
import fakeCloudKms from './fake-cloud-kms.mjs';
import fakeGcsServer from './fake-gcs-server.mjs';
import gcpKmsEmulator from './gcp-kms-emulator.mjs';
import gcpStorageEmulator from './gcp-storage-emulator.mjs';
import ministack from './ministack.mjs';
import moto from './moto.mjs';
import openbao from './openbao.mjs';
import seaweedfs from './seaweedfs.mjs';
import softhsm2 from './softhsm2.mjs';
import versitygw from './versitygw.mjs';

export const EMULATORS = [
  moto,
  ministack,
  cloudemu,
  drongo,
  fakeCloudKms,
  gcpKmsEmulator,
  azure,
  softhsm2,
  openbao,
  seaweedfs,
  versitygw,
  fakeGcsServer,
  gcpStorageEmulator,
  azurite,
];

/** What asks for the examples that need servers: each is run with the first that can be had of every row. */
export const EXAMPLE = 'example';
export const EXAMPLES = [
  { folder: 'examples/swap-clouds', needs: [[moto], [fakeCloudKms, drongo], [azure]] },
  { folder: 'examples/bucket-server', needs: [[seaweedfs]] },
  { folder: 'examples/two-machines', needs: [[moto]] },
];

/** What was asked for: names of emulators or of providers (`aws`); all of them when nothing was. */
export function chosen(asked) {
  const names = asked.filter((name) => name !== EXAMPLE);
  if (asked.length > 0 && names.length === 0) return [];
  const nameless = names.find((name) => !EMULATORS.some((one) => answersTo(one, name)));
  if (nameless !== undefined)
    throw new Error(
      `${nameless} is neither an emulator nor a provider; there are ${EMULATORS.map(({ name }) => name).join(', ')}`,
    );
  return EMULATORS.filter((one) => names.length === 0 || names.some((name) => answersTo(one, name)));
}

function answersTo({ name, provider }, asked) {
  return [name, provider, provider.replace(/^(?:kms|store)-/, '')].includes(asked);
}
