export { awsBusy, azureBusy, type BusyAnswers, googleRestBusy, grpcBusy, vaultBusy } from './busy.js';
export { type ConnectProxy, connectProxy } from './connect-proxy.js';
export { closedPort, silentPort } from './dead-ports.js';
export type { Answer, Fault, FaultProxy, Headers, SeenRequest } from './fault.js';
export { GRPC_STATUS, type GrpcAnswer, grpcError } from './grpc-answer.js';
export { type GrpcFaultProxyOptions, grpcFaultProxy } from './grpc-proxy.js';
export { type HttpAnswer, jsonAnswer } from './http-answer.js';
export { type HttpFaultProxyOptions, httpFaultProxy } from './http-proxy.js';
export { type LatencyProxy, type LatencyProxyOptions, latencyProxy } from './latency-proxy.js';
export { storeFaultSuite } from './store-suite.js';
export type {
  StoreFaultName,
  StoreFaultOptions,
  StoreFaultSubject,
  StoreOutcome,
} from './store-suite-types.js';
export { faultSuite } from './suite.js';
export type { Codes, FaultSubject, FaultSuiteOptions, TestRunner, VendorFault } from './suite-types.js';
