import { AppError, type ErrorCode } from '../../shared/errors.ts';
import type { EdgeFrame, HostFrame } from '../../shared/frames.ts';
import { maxFrameBytes } from '../../shared/limits.ts';
import type { LinkOptions } from './port.ts';

type Call = Extract<EdgeFrame, { type: 'call' }>;

/**
 * The `result` frame for a `call`, as JSON; never throws. A failure's `value` is `{code, message}` (shared/errors.ts),
 * an unexpected one says no more than where to look.
 */
export const replyToCall = async (
  call: Call,
  { onCall, log }: Pick<LinkOptions, 'onCall' | 'log'>,
): Promise<string> => {
  try {
    const value = (await onCall(call.method, call.args, call.owner)) ?? null;
    const text = JSON.stringify({ type: 'result', id: call.id, ok: true, value } satisfies HostFrame);
    if (text.length <= maxFrameBytes / maxBytesPerUnit) return text;
    return failure(call, 'too_large', `The answer to ${call.method} is too large for one frame; ask for less.`);
  } catch (error) {
    if (error instanceof AppError) return failure(call, error.code, error.message);
    log.error('link.call_failed', { method: call.method, error });
    return failure(call, 'internal', `The server failed to answer ${call.method}; its log says why.`);
  }
};

/** UTF-8 needs at most three bytes for a UTF-16 unit. */
const maxBytesPerUnit = 3;

const failure = (call: Call, code: ErrorCode, message: string): string =>
  JSON.stringify({ type: 'result', id: call.id, ok: false, value: { code, message } } satisfies HostFrame);
