import { contractOn } from './contract.js';

await contractOn('grpc');
