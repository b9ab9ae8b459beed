import { wait } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import type { Context } from '../http/context.ts';
import { jsonStream } from '../http/json-stream.ts';
import { holdLong } from './hold.ts';

/**
 * A JSON response written piece by piece, for whoever asked, as fast as they may read (`worker/reading`); it breaks off
 * when that login ends (`jsonStream`).
 */
export const heldJson = (
  c: Context,
  pieces: AsyncGenerator<string>,
  headers: Record<string, string> = {},
): Promise<Response> =>
  jsonStream(paced(c, pieces), headers, (breakOff) =>
    holdLong(c.env, c.get('principal'), () => breakOff(new AppError('unauthorised', endedText))),
  );

const endedText = 'This login has ended, and the answer with it. Log in again.';

async function* paced(c: Context, pieces: AsyncGenerator<string>): AsyncGenerator<string> {
  const { clock, reading } = c.env;
  const { user } = c.get('principal');
  for await (const piece of pieces) {
    const ms = reading.waitMs(user.id, piece.length, clock.steadyMs());
    if (ms > 0) await wait(clock, ms);
    yield piece;
  }
}
