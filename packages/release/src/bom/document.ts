import {
  type ManifestFile,
  type ReadManifest,
  type Recipient,
  SIGNATURE_NAME,
  VERSION,
} from '@weightseal/core';
import type { CycloneDx } from './library.js';
import {
  type Properties,
  propertiesOfFile,
  propertiesOfRecipients,
  propertiesOfRelease,
  propertiesOfSignature,
  type Signature,
} from './properties.js';

type Component = InstanceType<CycloneDx['models']['Component']>;

export interface Parts {
  readonly read: ReadManifest;
  readonly signature: Signature;
  readonly recipients: readonly Recipient[];
  readonly version: number;
  readonly serialNumber: string;
}

/** What is known, and nothing besides: how it was trained, and under which licence it is, no manifest says, so there is no model card. */
export function documentOf(parts: Parts, library: CycloneDx): string {
  const { models, enums, serialize, spec } = library;
  const { manifest } = parts.read;
  const model = modelOf(parts, library);
  const files = manifest.files.map((file) => fileOf(file, library));
  for (const { bomRef } of files) model.dependencies.add(bomRef);
  const tool = new models.Component(enums.ComponentType.Application, 'weightseal', { version: VERSION });
  const bom = new models.Bom({
    version: parts.version,
    serialNumber: parts.serialNumber,
    metadata: new models.Metadata({
      // When it was released: the time at which this document is made says nothing of it.
      timestamp: new Date(manifest.created),
      tools: new models.Tools({ components: new models.ComponentRepository([tool]) }),
      component: model,
    }),
    components: new models.ComponentRepository(files),
  });
  const normalizers = new serialize.JSON.Normalize.Factory(spec.Spec1dot6);
  // In the order in which they were added, which is that of the manifest.
  return `${new serialize.JsonSerializer(normalizers).serialize(bom, { sortLists: false, space: 2 })}\n`;
}

function modelOf({ read, signature, recipients }: Parts, library: CycloneDx): Component {
  const { models, enums } = library;
  const { manifest, digest } = read;
  const properties = [
    ...propertiesOfRelease(read),
    ...propertiesOfRecipients(recipients),
    ...propertiesOfSignature(signature),
  ];
  const model = new models.Component(enums.ComponentType.MachineLearningModel, nameOf(read), {
    bomRef: `release:${digest}`,
    version: manifest.version,
    properties: repositoryOf(properties, library),
  });
  if (signature !== 'none')
    model.externalReferences.add(
      new models.ExternalReference(signatureName(read), enums.ExternalReferenceType.DigitalSignature),
    );
  return model;
}

/** Never where it lies: the document would be another one in another directory. */
function nameOf({ manifest }: ReadManifest): string {
  const { name, context, kind, files, id } = manifest;
  if (name !== undefined) return name;
  if (context['model']) return context['model'];
  return kind === 'file' ? files[0]!.path : Buffer.from(id).toString('hex');
}

/** Relative to the release. */
function signatureName({ manifest }: ReadManifest): string {
  if (manifest.kind === 'bundle') return SIGNATURE_NAME;
  return `${encodeURIComponent(manifest.files[0]!.path)}.${SIGNATURE_NAME}`;
}

function fileOf(file: ManifestFile, library: CycloneDx): Component {
  const { models, enums } = library;
  // `data` would be what a model has learnt from, or is asked; what lies here is a file whatever is in it.
  return new models.Component(enums.ComponentType.File, file.path, {
    bomRef: `file:${file.path}`,
    hashes: new models.HashDictionary([[enums.HashAlgorithm['SHA-256'], file.sha256]]),
    properties: repositoryOf(propertiesOfFile(file), library),
  });
}

function repositoryOf(properties: Properties, { models }: CycloneDx) {
  return new models.PropertyRepository(properties.map(([name, value]) => new models.Property(name, value)));
}
