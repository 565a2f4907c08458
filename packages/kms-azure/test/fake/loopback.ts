import { Agent } from 'node:https';
import type { KeyClientOptions } from '@azure/keyvault-keys';

type Policies = NonNullable<KeyClientOptions['additionalPolicies']>;

/**
 * Takes the official SDK to a port of this machine under any host name: names, certificates and the check of the
 * challenge stay the real ones, and only the address of the connection is another.
 */
export function loopback(port: number, ca?: string): { additionalPolicies: Policies; agent: Agent } {
  const agent = new Agent({ keepAlive: true, ...(ca === undefined ? {} : { ca }) });
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, done) => connect({ ...options, host: '127.0.0.1', port }, done);
  const policy: Policies[number]['policy'] = {
    name: 'loopback',
    async sendRequest(request, next) {
      request.agent = agent;
      return next(request);
    },
  };
  return { agent, additionalPolicies: [{ policy, position: 'perRetry' }] };
}
