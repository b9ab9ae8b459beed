import { AppError } from '../../shared/errors.ts';
import type { Context } from '../http/context.ts';
import { jsonStream } from '../http/json-stream.ts';
import { holdLong } from './hold.ts';

/** A JSON response written piece by piece, for whoever asked; it breaks off when that login ends (`jsonStream`). */
export const heldJson = (
  c: Context,
  pieces: AsyncGenerator<string>,
  headers: Record<string, string> = {},
): Promise<Response> =>
  jsonStream(pieces, headers, (breakOff) =>
    holdLong(c.env, c.get('principal'), () => breakOff(new AppError('unauthorised', endedText))),
  );

const endedText = 'This login has ended, and the answer with it. Log in again.';
