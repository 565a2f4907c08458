import type { Answer } from './fault.js';
import { type GrpcAnswer, grpcError } from './grpc-answer.js';
import { type HttpAnswer, jsonAnswer } from './http-answer.js';

/** How a service says that it is asked too much, and that it cannot answer now. Without Retry-After. */
export interface BusyAnswers<A extends Answer> {
  readonly throttled: A;
  readonly unavailable: A;
}

/** JSON 1.1: the type is in the body. */
export const awsBusy: BusyAnswers<HttpAnswer> = {
  throttled: aws(429, 'ThrottlingException', 'Rate exceeded'),
  unavailable: aws(503, 'ServiceUnavailableException', 'The service is unavailable.'),
};

function aws(status: number, type: string, message: string): HttpAnswer {
  return jsonAnswer(
    status,
    { __type: type, message },
    { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': type },
  );
}

export const azureBusy: BusyAnswers<HttpAnswer> = {
  throttled: azure(429, 'Throttled', 'Request was not processed because too many requests were received.'),
  unavailable: azure(503, 'ServiceUnavailable', 'The service is unavailable.'),
};

function azure(status: number, code: string, message: string): HttpAnswer {
  return jsonAnswer(status, { error: { code, message } });
}

export const googleRestBusy: BusyAnswers<HttpAnswer> = {
  throttled: google(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded.'),
  unavailable: google(503, 'UNAVAILABLE', 'The service is currently unavailable.'),
};

function google(code: number, status: string, message: string): HttpAnswer {
  return jsonAnswer(code, { error: { code, message, status } });
}

export const vaultBusy: BusyAnswers<HttpAnswer> = {
  throttled: jsonAnswer(429, { errors: ['request path "transit": rate limit quota exceeded'] }),
  unavailable: jsonAnswer(503, { errors: ['Vault is sealed'] }),
};

export const grpcBusy: BusyAnswers<GrpcAnswer> = {
  throttled: grpcError('RESOURCE_EXHAUSTED', 'Quota exceeded.'),
  unavailable: grpcError('UNAVAILABLE', 'The service is currently unavailable.'),
};
