import type { Check } from '../types.js';

const even = (severity: Check['severity']['plain']) => ({ plain: severity, sealed: severity });

export type ObjectCheck =
  | 'plain'
  | 'readable'
  | 'sound'
  | 'keys'
  | 'manifest'
  | 'signature'
  | 'names'
  | 'versions'
  | 'incomplete';

/** What is asked of the objects themselves, whatever lies around them. */
export const CHECKS: Readonly<Record<ObjectCheck, Check>> = {
  plain: {
    id: 'objects/plain-weights',
    title: 'Model weights are sealed',
    why: 'Whoever reads the storage, its backups or its replicas has the model. Encryption by the storage itself opens it for everybody who may read.',
    whenSealed:
      'These objects are not, so nothing that sealing gives holds for them. Seal them, and remove the plain ones with their old versions.',
    severity: even('high'),
  },
  readable: {
    id: 'objects/world-readable',
    title: 'Plain weights on a disk are not for every user of the machine to read',
    why: 'Every process of the machine copies the model: a service that was broken into, a container that has the directory mounted.',
    whenSealed: 'These objects are not. Seal them, or take the right to read from others: chmod o-r.',
    severity: even('high'),
  },
  sound: {
    id: 'objects/sealed-sound',
    title: 'Sealed objects are whole as far as their heads show',
    why: 'A sealed object whose head was changed or cut opens nowhere, and is noticed when the model is needed.',
    whenSealed: 'Opening refuses it, so nothing false is loaded; a sound copy must come from elsewhere.',
    severity: even('medium'),
  },
  keys: {
    id: 'objects/sealed-keys',
    title: 'Sealed objects open only for the keys that are expected',
    why: 'Each recipient in the head can open the model. One that nobody knows of is a way out.',
    whenSealed:
      'The head says who the recipients are, and only their keys can say whether that is true: a rewrap takes one out, a reseal locks it out.',
    severity: even('high'),
  },
  manifest: {
    id: 'objects/sealed-manifest',
    title: 'Sealed objects have a manifest',
    why: 'Without it nobody can compare what lies there with what was released, without a key.',
    whenSealed:
      'Opening authenticates each byte all the same; what is missing is who released it, and whether it is the current release.',
    severity: even('low'),
  },
  signature: {
    id: 'objects/sealed-signature',
    title: 'The manifests of sealed objects are signed by who may release them',
    why: 'Whoever may encrypt for the key can put another model in the place of this one, and it opens.',
    whenSealed: 'Sealing says that nothing was changed since it was sealed, and not who sealed it.',
    severity: even('medium'),
  },
  names: {
    id: 'objects/names',
    title: 'Every object has a name that weightseal finds',
    why: 'Keys with an empty name in them (a//b, a/) can be used by other tools, and no command of weightseal lists, copies, verifies or seals what lies there.',
    whenSealed:
      'Nobody sees whether it is sealed but who looks for it. Move it to a key without empty names.',
    severity: even('medium'),
  },
  versions: {
    id: 'objects/versions',
    title: 'No older versions are kept that nobody has looked at',
    why: 'Where versions are kept, a model that was plain once still lies there, for everybody who may read versions.',
    whenSealed:
      'What is sealed now was perhaps plain before: sealing the current version leaves the older ones as they are. Remove those.',
    severity: even('medium'),
  },
  incomplete: {
    id: 'objects/incomplete-uploads',
    title: 'No uploads are left that nobody completes',
    why: 'Nobody sees their bytes, they cost as much as others, and what was sent of a plain model lies in them.',
    whenSealed: 'Of a sealed model they hold sealed bytes; they still cost.',
    severity: even('low'),
  },
};

/** Every check of objects, for reports. */
export const OBJECT_CHECKS: readonly Check[] = Object.values(CHECKS);
