/** google.rpc.Code with the HTTP status that REST gives to each. */
export const STATUS = {
  INVALID_ARGUMENT: [3, 400],
  NOT_FOUND: [5, 404],
  PERMISSION_DENIED: [7, 403],
  RESOURCE_EXHAUSTED: [8, 429],
  FAILED_PRECONDITION: [9, 400],
  UNIMPLEMENTED: [12, 501],
  INTERNAL: [13, 500],
  UNAUTHENTICATED: [16, 401],
} as const;

/** What the fake answers instead of a result. */
export class FakeError extends Error {
  readonly status: keyof typeof STATUS;
  readonly reason: string | undefined;

  constructor(status: keyof typeof STATUS, message: string, reason?: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }

  get code(): number {
    return STATUS[this.status][0];
  }

  get httpCode(): number {
    return STATUS[this.status][1];
  }
}
