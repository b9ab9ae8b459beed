import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '../../../shared/errors.ts';
import { ActorEnded } from '../actor/actor.ts';
import { ActorNotStarted, type Actors } from '../actor/actors.ts';
import type { FilesFailure } from '../actor/frames.ts';
import type { Places } from '../actor/places.ts';
import { type FilesSaid, failureTrailer, filesAsked, maxAskedBytes } from './files-lines.ts';
import { firstLine } from './first-line.ts';

/**
 * Passes an act on files on to the actor of the owner's place, and what that says back, no faster than either side
 * reads.
 */
export const answerFiles = async (
  actors: Actors,
  places: Pick<Places, 'of'>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const { line, rest } = await firstLine(request, maxAskedBytes);
  const asked = filesAsked.parse(JSON.parse(line ?? ''));
  response.writeHead(200, { 'content-type': 'application/octet-stream', connection: 'close', trailer: failureTrailer });
  const say = (said: FilesSaid): boolean => response.write(`${JSON.stringify(said)}\n`);
  let hasReplied = false;
  try {
    const { reply, bytes } = await actors.files(places.of(asked.owner), asked.asked, rest, gone.signal);
    say({ reply: await reply });
    hasReplied = true;
    for await (const part of bytes) if (!response.write(part)) await once(response, 'drain', { signal: gone.signal });
  } catch (error) {
    if (gone.signal.aborted) return;
    const failure = failureOf(error);
    // Then whoever asked ends the connection: ended here, what they still send could cost them the answer.
    if (!hasReplied) return void say({ failure });
    response.addTrailers({ [failureTrailer]: encodeURIComponent(JSON.stringify(failure)) });
  }
  response.end();
};

/** Throws what is nobody's to know but the log's. */
const failureOf = (error: unknown): FilesFailure => {
  if (error instanceof AppError) return { code: error.code, message: error.message };
  if (error instanceof ActorEnded)
    return {
      code: 'unavailable',
      message: `The process that acts on files on the server ${error.message} in the middle of this. Try again.`,
    };
  if (error instanceof ActorNotStarted)
    return {
      code: 'unavailable',
      message: `The process that acts on files can't be started on the server: ${error.message}. Nothing was done.`,
    };
  throw error;
};
