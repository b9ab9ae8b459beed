import * as z from 'zod';
import { parseJson } from '../../../shared/json.ts';
import type { EndpointFile } from './endpoint.ts';
import { OpenCodeAway, OpenCodeRefused } from './failure.ts';
import { arrayObjects } from './row-stream.ts';

/**
 * Loopback reads of small things; also covers the window after a start in which requests are never answered
 * (opencode §2.4).
 */
const readMs = 10_000;

export type OpenCodeCall = ReturnType<typeof openCodeCall>;

/**
 * One request to OpenCode and its checked answer, with texts that are well-formed. Throws OpenCodeAway when there is
 * none within `ms`, OpenCodeRefused when it is an error, ZodError when it is not what 1.18 says.
 */
export const openCodeCall =
  (endpoint: EndpointFile) =>
  async <T>(method: string, path: string, answer: z.ZodType<T>, body?: unknown, ms = readMs): Promise<T> => {
    const { url, authorization } = endpoint.get();
    let response: Response;
    let text: string;
    try {
      response = await fetch(url + path, {
        method,
        headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(ms),
      });
      text = await response.text();
    } catch (cause) {
      endpoint.failed();
      throw new OpenCodeAway(`OpenCode did not answer ${method} ${path}`, { cause });
    }
    if (!response.ok)
      throw new OpenCodeRefused(response.status, `${method} ${path}: ${reasonIn(text)} (${response.status})`);
    return answer.parse(text === '' ? undefined : wellFormedJson(text));
  };

/**
 * One request whose answer is an array of objects of any size: `take` gets the text of each as it arrives. Throws as
 * `openCodeCall` does, and what `take` throws. It has no limit of its own: Node's fetch gives up where for 300 s
 * nothing came.
 */
export const openCodeRows =
  (endpoint: EndpointFile) =>
  async (method: string, path: string, body: unknown, take: (text: string) => void): Promise<void> => {
    const { url, authorization } = endpoint.get();
    const away = (cause: unknown): OpenCodeAway => {
      endpoint.failed();
      return new OpenCodeAway(`OpenCode did not answer ${method} ${path} to its end`, { cause });
    };
    const headers = { authorization, 'content-type': 'application/json' };
    const response = await fetch(url + path, { method, headers, body: JSON.stringify(body) }).catch(
      (cause: unknown) => {
        throw away(cause);
      },
    );
    if (!response.ok || response.body === null) {
      const reason = reasonIn(await response.text().catch(() => ''));
      throw new OpenCodeRefused(response.status, `${method} ${path}: ${reason} (${response.status})`);
    }
    const objects = arrayObjects(take);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw away(cause);
      });
      if (done) break;
      objects.push(value);
    }
    if (!objects.isComplete()) throw away('the answer ended in the middle');
  };

/** Deeper than any text that we read is in an answer: what may be any JSON is cut at fewer levels (in-range.ts). */
const maxLevels = 200;

export const wellFormedJson = (text: string): unknown => parseJson(text, () => null, maxLevels);

/** Only the query is decoded by every version and wins over the header (opencode §5). */
export const at = (directory: string): string => `?directory=${encodeURIComponent(directory)}`;

const failure = z.object({ message: z.string().optional(), data: z.object({ message: z.string() }).optional() });

const reasonIn = (text: string): string => {
  try {
    const answer = failure.parse(wellFormedJson(text));
    return answer.data?.message ?? answer.message ?? 'OpenCode gave no reason';
  } catch {
    return 'OpenCode gave no reason'; // A page or a fragment says nothing to people.
  }
};
