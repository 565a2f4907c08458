import { faultSuite, grpcBusy, grpcFaultProxy } from '@weightseal/fault-proxy';
import { afterAll, describe, it } from 'vitest';
import { GrpcServer } from './fake-grpc.js';
import { FakeKms } from './fake-kms.js';
import { faultsOf, onGrpc } from './faults.js';
import { grpcKeyAt, SECRETS } from './keys.js';

const kms = new FakeKms();
const grpc = await GrpcServer.start(kms);
afterAll(() => grpc[Symbol.asyncDispose]());

faultSuite(
  // Side by side: the cases do little but wait.
  { describe, it: it.concurrent },
  {
    name: 'a Cloud KMS key over gRPC',
    busy: grpcBusy,
    async setup(deadlineMs) {
      const proxy = await grpcFaultProxy({ upstream: grpc.address });
      return { wrapper: grpcKeyAt(proxy.url, { name: kms.key().name, deadlineMs }), proxy, secrets: SECRETS };
    },
    ...faultsOf(onGrpc),
  },
);
