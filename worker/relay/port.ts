import * as z from 'zod';
import { AppError, type ErrorCode, httpStatus } from '../../shared/errors.ts';
import { awayMs } from '../../shared/limits.ts';
import { beginningOf } from '../../shared/text.ts';

/** Who may join as the server's end. */
export interface Expected {
  host: string;
  secretSha256: string;
}

/** Headers in which the Worker tells the object who dialled. */
export const joinHeaders = { host: 'x-openagent-host', secretSha256: 'x-openagent-secret-sha256' } as const;

export const relayTimes = {
  /** One side alone waits this long for the other: a server that got the call dials at once. */
  joinMs: 30_000,
  /**
   * A transfer in which nothing moves for this long is over: a browser that paused its download is not there any more.
   */
  stallMs: 5 * 60_000,
  /** A server pings; one that says nothing for this long is gone. */
  silenceMs: awayMs,
  /** How often the two are looked at. */
  checkMs: 10_000,
} as const;

const isErrorCode = (code: string): code is ErrorCode => code in httpStatus;

const refusal = z.object({ code: z.string(), message: z.string() });

/** How the object tells the Worker what a transfer failed with; any other answer is a success. */
export const refused = (error: AppError): Response =>
  Response.json({ code: error.code, message: error.message }, { status: httpStatus[error.code] });

/** The failure in the object's answer. */
export const failureIn = async (response: Response): Promise<AppError> => {
  const text = await response.text();
  try {
    const { code, message } = refusal.parse(JSON.parse(text));
    return new AppError(isErrorCode(code) ? code : 'internal', message);
  } catch {
    return new AppError('unavailable', `The transfer ended before it began: ${beginningOf(text, 200)} Try again.`);
  }
};

/** An expected failure as it is, any other as one that says no more than what to do. */
export const asAppError = (cause: unknown, text: string): AppError =>
  cause instanceof AppError ? cause : new AppError('unavailable', text, { cause });
