import { once } from 'node:events';
import { type ClientRequest, IncomingMessage, request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as z from 'zod';
import { AppError, type ErrorCode, httpStatus } from '../../../shared/errors.ts';
import { type FilesAsked, failure, failureTrailer, filesPath, filesSaid, maxSaidBytes } from './files-lines.ts';
import { firstLine } from './first-line.ts';

/** What an act on files came to. */
export interface FilesAnswer {
  reply: unknown;
  /** Throws AppError where it ended amid them. */
  bytes: AsyncGenerator<Uint8Array, void>;
  /** Nobody wants more of it. May be repeated. */
  close(): void;
}

/**
 * Asks the hands for an act on files. Rejects with AppError as the place says, with the error of a `body` that fails,
 * and with `unavailable` where no hands answer, or older ones.
 */
export const askForFiles = async (
  socketPath: string,
  asked: FilesAsked,
  body: AsyncIterable<Uint8Array> | undefined,
): Promise<FilesAnswer> => {
  const sent = request({ socketPath, method: 'POST', path: filesPath, agent: false });
  sent.on('error', () => undefined); // Whoever waits for the answer, or reads it, is told.
  const answered = once(sent, 'response');
  answered.catch(() => undefined); // Awaited below, unless the body fails first.
  const bodyFailed = Promise.withResolvers<never>();
  bodyFailed.promise.catch(() => undefined); // As above.
  send(sent, asked, body).catch((error: unknown) => {
    if (error instanceof OfBody) bodyFailed.reject(error.cause);
    // Else they took no more of it, and their answer says why.
  });
  try {
    const [response] = z
      .tuple([z.instanceof(IncomingMessage)])
      .parse(await Promise.race([answered, bodyFailed.promise]));
    if (response.statusCode !== 200) throw new AppError('unavailable', olderText);
    const { line, rest } = await Promise.race([firstLine(response, maxSaidBytes), bodyFailed.promise]);
    if (line === null) throw new AppError('unavailable', brokenOffText);
    const said = filesSaid.parse(JSON.parse(line));
    if ('failure' in said) throw asAppError(said.failure);
    return { reply: said.reply, bytes: bytesOf(response, rest), close: () => void sent.destroy() };
  } catch (cause) {
    sent.destroy();
    throw isOfSystem(cause) ? new AppError('unavailable', awayText, { cause }) : cause;
  }
};

/** What the body failed with, apart from what sending it failed with. */
class OfBody extends Error {}

const send = async (sent: ClientRequest, asked: object, body: AsyncIterable<Uint8Array> | undefined): Promise<void> => {
  sent.write(`${JSON.stringify(asked)}\n`);
  if (!body) return void sent.end();
  async function* parts(all: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* all;
    } catch (cause) {
      throw new OfBody('the body failed', { cause });
    }
  }
  await pipeline(Readable.from(parts(body), { objectMode: false }), sent);
};

async function* bytesOf(response: IncomingMessage, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  try {
    yield* rest;
  } catch (cause) {
    throw new AppError('unavailable', brokenOffText, { cause });
  }
  const trailer = response.trailers[failureTrailer];
  if (trailer !== undefined) throw asAppError(failure.parse(JSON.parse(decodeURIComponent(trailer))));
}

const isErrorCode = (code: string): code is ErrorCode => code in httpStatus;
const asAppError = ({ code, message }: z.infer<typeof failure>): AppError =>
  new AppError(isErrorCode(code) ? code : 'internal', message);

const isOfSystem = (error: unknown): boolean =>
  error instanceof Error && !(error instanceof AppError) && 'code' in error && typeof error.code === 'string';

const awayText =
  'The process that acts on files does not answer on this server. It is started again by itself: try again in a ' +
  'moment. If that does not help, hands.log on the server says why.';
const brokenOffText = 'The process that acts on files ended in the middle of this. Try again.';
const olderText =
  'The process that acts on files on this server is of an older version. It is replaced when OpenCode is started again: ' +
  'restart Open Agent on the server (as a service: `systemctl restart open-agent-opencode`), then try again.';
