/** The hands as the host-agent, the launcher and `doctor` see them: by their control socket. */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import * as z from 'zod';
import type { HandsMission } from '../missions.ts';
import { type SnapshotWish, type VerbAnswer, verbAnswer } from '../snapshots/words.ts';
import { handsSockets } from '../socket.ts';
import { type HandsHealth, type HandsLine, handsHealth, handsLine } from '../told.ts';
import { askForFiles, type FilesAnswer } from './ask-for-files.ts';
import type { FilesAsked } from './files-lines.ts';

export interface HandsControl {
  /** `signal` ends the wait for an answer. */
  health(signal?: AbortSignal): Promise<HandsHealth>;
  /** Calls in its directory are taken from now on. May be repeated; `signal` ends the wait for an answer. */
  register(mission: HandsMission, signal?: AbortSignal): Promise<void>;
  /** Its calls are cancelled, what it runs in the background ends, further calls are refused. May be repeated. */
  forget(mission: string): Promise<void>;
  /** Its calls are cancelled, and what it runs in the background ends. May be repeated. */
  end(mission: string): Promise<void>;
  /** Cancels its calls; out: how many ran. */
  cancel(mission: string): Promise<number>;
  /** Does what is wished with the snapshots of a mission that was registered: for `owner`, where a person asks. */
  snapshots(
    mission: string,
    wish: SnapshotWish,
    options?: { owner?: string; signal?: AbortSignal },
  ): Promise<VerbAnswer>;
  /**
   * Does something with files in an owner's place: what it comes to, unchecked, with the bytes behind it, which have to
   * be read or closed. `body` are those that go with it. Rejects with AppError as the place says, and for a `body` that
   * fails with its error.
   */
  files(asked: FilesAsked, body?: AsyncIterable<Uint8Array>): Promise<FilesAnswer>;
  /**
   * What happens to calls, after a number of a life of the hands, or as far back as it is kept. Ends when the hands do,
   * or the signal aborts.
   */
  events(from: { run: string; after: number } | null, signal: AbortSignal): AsyncGenerator<HandsLine>;
}

const cancelled = z.object({ cancelled: z.int().nonnegative() });
const refusal = z.object({ error: z.string() });

/** They are there, and say why they do not do it. */
export class HandsRefused extends Error {}

/** Each call rejects with the system's error where no hands run, and with HandsRefused where they refuse. */
export const handsControl = (directory: string): HandsControl => {
  const socketPath = handsSockets(directory).control;

  const ask = async (method: string, path: string, body?: object, signal?: AbortSignal): Promise<IncomingMessage> => {
    // A connection each: one that is kept may be closed by the other end just when it is used.
    const asked = request({ socketPath, method, path, signal, agent: false });
    const answered = once(asked, 'response');
    asked.end(body && JSON.stringify(body));
    const [response]: IncomingMessage[] = await answered;
    if (!response) throw new Error('the hands answered nothing');
    return response;
  };
  const json = async (method: string, path: string, body?: object, signal?: AbortSignal): Promise<unknown> => {
    const response = await ask(method, path, body, signal);
    let text = '';
    for await (const piece of response.setEncoding('utf8')) text += piece;
    const said: unknown = JSON.parse(text);
    if (response.statusCode !== 200) throw new HandsRefused(refusal.safeParse(said).data?.error ?? text);
    return said;
  };
  const pathOf = (mission: string): string => `/missions/${encodeURIComponent(mission)}`;

  return {
    health: async (signal) => handsHealth.parse(await json('GET', '/health', undefined, signal)),
    register: async ({ mission, ...rest }, signal) => void (await json('PUT', pathOf(mission), rest, signal)),
    forget: async (mission) => void (await json('DELETE', pathOf(mission))),
    end: async (mission) => void (await json('POST', `${pathOf(mission)}/end`)),
    cancel: async (mission) => cancelled.parse(await json('POST', `${pathOf(mission)}/cancel`)).cancelled,
    files: (asked, body) => askForFiles(socketPath, asked, body),
    snapshots: async (mission, wish, { owner, signal } = {}) => {
      const query = owner === undefined ? '' : `?owner=${encodeURIComponent(owner)}`;
      return verbAnswer.parse(await json('POST', `${pathOf(mission)}/snapshots${query}`, wish, signal));
    },
    async *events(from, signal) {
      const query = from ? `?run=${encodeURIComponent(from.run)}&after=${from.after}` : '';
      const response = await ask('GET', `/events${query}`, undefined, signal);
      let text = '';
      try {
        for await (const piece of response.setEncoding('utf8')) {
          text += piece;
          const lines = text.split('\n');
          text = lines.pop() ?? '';
          for (const line of lines) {
            const read = handsLine.safeParse(JSON.parse(line));
            if (read.success) yield read.data; // Hands of a later version may say more.
          }
        }
      } catch (error) {
        if (isBroken(error)) return;
        throw error;
      }
    },
  };
};

/** The connection ended because the hands did, or because nobody wants it any more. */
const isBroken = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'ABORT_ERR');
