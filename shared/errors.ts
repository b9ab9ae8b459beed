/** Codes of expected failures, mapped to HTTP once, here. */
export const httpStatus = {
  bad_request: 400,
  unauthorised: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  too_large: 413,
  unsupported_type: 415,
  unprocessable: 422,
  too_many: 429,
  internal: 500,
  bad_gateway: 502,
  unavailable: 503,
} as const;

export type ErrorCode = keyof typeof httpStatus;

/**
 * A failure with a text for people: what was being done, to what, and what to try. The text goes to clients as it is
 * (contract §1.4), so it never holds a secret or a stack.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  /** When trying again has a point, in seconds; told in `Retry-After`. */
  readonly retryAfterS: number | null;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions & { retryAfterS?: number }) {
    super(message, options);
    this.code = code;
    this.retryAfterS = options?.retryAfterS ?? null;
  }
}

/** Marks a switch as exhaustive: reaching it is a programming error, not an input error. */
export const assertNever = (value: never): never => {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
};
