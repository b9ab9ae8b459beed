import type { ErrorCode } from '../../../shared/errors.ts';

/** An expected failure of what people ask about changes; its text is shown to them. */
export class Refusal extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, text: string) {
    super(text);
    this.code = code;
  }
}
