import { execFile } from 'node:child_process';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { checkRules } from '@weightseal/transit';
import { expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { temporary } from '../../core/test/support/temporary.ts';

// The files of examples/serving are used as they are: what they say is so.

const place = await temporary();
const at = (name: string) => fileURLToPath(new URL(`../../../examples/serving/${name}`, import.meta.url));
const textOf = (name: string) => readFile(at(name), 'utf8');

it('the rules are ones', async () => {
  expect(() => checkRules(JSON.parse('{"clients":[{}]}'))).toThrow();
  checkRules(JSON.parse(await textOf('clients.json')));
});

it('the manifest for Kubernetes: what is mounted is there, probes ask ports that are, and the server may only read', async () => {
  const documents = parseAllDocuments(await textOf('kubernetes.yaml'));
  expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
  const objects = documents.map((document) => document.toJS());
  const config = objects.find(({ kind }) => kind === 'ConfigMap');
  checkRules(JSON.parse(config.data['clients.json']));
  const policy = objects.find(({ kind }) => kind === 'NetworkPolicy');
  for (const { from } of policy.spec.ingress) expect(from.length).toBeGreaterThan(0);
  const { spec } = objects.find(({ kind }) => kind === 'Deployment').spec.template;
  const volumes = spec.volumes.map(({ name }: { name: string }) => name);
  const [server] = spec.containers;
  for (const container of [...spec.containers, ...spec.initContainers]) {
    expect(volumes).toEqual(
      expect.arrayContaining(container.volumeMounts.map(({ name }: { name: string }) => name)),
    );
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  }
  expect(server.volumeMounts.every(({ readOnly }: { readOnly?: boolean }) => readOnly)).toBe(true);
  const ports = new Map(
    server.ports.map((port: { name: string; containerPort: number }) => [port.name, port.containerPort]),
  );
  expect(server.args).toContain(`--admin=0.0.0.0:${ports.get('admin')}`);
  expect(server.args).toContain(`--listen=0.0.0.0:${ports.get('https')}`);
  const mounts = server.volumeMounts.map(({ mountPath }: { mountPath: string }) => mountPath);
  for (const word of server.args.filter((one: string) => /^--(?:tls|clients)/.test(one)))
    expect(mounts).toContain(`/${word.split('/')[1]}`);
  for (const probe of [server.readinessProbe, server.livenessProbe])
    expect(ports.has(probe.httpGet.port)).toBe(true);
});

it("Envoy's configuration: TLS 1.3 and certificates on both sides, and no path that is written in two ways", async () => {
  const { static_resources: all } = parse(await textOf('envoy.yaml'));
  const [chain] = all.listeners[0].filter_chains;
  const down = chain.transport_socket.typed_config;
  const up = all.clusters[0].transport_socket.typed_config;
  expect(down.require_client_certificate).toBe(true);
  for (const { common_tls_context: tls } of [down, up]) {
    expect(tls.tls_params).toEqual({
      tls_minimum_protocol_version: 'TLSv1_3',
      tls_maximum_protocol_version: 'TLSv1_3',
    });
    expect(tls.validation_context.trusted_ca.filename).toMatch(/\.pem$/);
    expect(tls.tls_certificates).toHaveLength(1);
  }
  expect(up.common_tls_context.validation_context.match_typed_subject_alt_names).toHaveLength(1);
  const { typed_config: http } = chain.filters[0];
  expect(http).toMatchObject({ normalize_path: true, path_with_escaped_slashes_action: 'REJECT_REQUEST' });
  expect(http.route_config.virtual_hosts[0].routes[0].route.cluster).toBe(all.clusters[0].name);
});

it('the units of systemd are ones, as it says itself', async (context) => {
  const run = promisify(execFile);
  const directory = await place.directory();
  // Whether the programs are there is not for this machine to say.
  const service = (await textOf('weightseal-serve.service')).replace('=/usr/bin/weightseal ', '=/bin/true ');
  await writeFile(
    join(directory, 'weightseal-serve.service'),
    service.replace('=/usr/bin/install ', '=/bin/true '),
  );
  await copyFile(at('weightseal-serve.socket'), join(directory, 'weightseal-serve.socket'));
  const verify = () =>
    run(
      'systemd-analyze',
      ['verify', '--man=no', '--recursive-errors=no', 'weightseal-serve.service', 'weightseal-serve.socket'],
      {
        cwd: directory,
      },
    );
  try {
    const { stderr } = await verify();
    expect(stderr).not.toContain('weightseal-serve');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return context.skip('systemd-analyze is not here');
  }
  await writeFile(join(directory, 'weightseal-serve.socket'), '[Socket]\nListenStream=none of these\n');
  const wrong = await verify().catch((error: { stderr: string }) => error);
  expect(wrong.stderr).toContain('weightseal-serve.socket');
});
