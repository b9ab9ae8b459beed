// The typed client of the API: paths, parameters and bodies are held against the declared routes when the tests are
// compiled, answers when they come.
import createClient, { type Client } from 'openapi-fetch';
import type { Paths } from '../../shared/routes/paths.ts';
import { asDeclared } from './declared-answer.ts';

export type Api = Client<Paths>;

/** A client of the edge at `url` that sends `headers` with everything. */
export const apiAt = (
  url: string,
  headers: Record<string, string> = {},
  send: (request: Request) => Promise<Response> = fetch,
): Api =>
  createClient<Paths>({
    baseUrl: url,
    headers,
    fetch: async (request) => asDeclared(request.method, request.url, await send(request)),
  });

/** What a call got. Throws with the server's words where it was refused. */
export const dataOf = async <T>(
  call: Promise<{ data?: T; error?: unknown; response: { status: number; url: string } }>,
): Promise<NonNullable<T>> => {
  const { data, error, response } = await call;
  if (data !== undefined && data !== null) return data;
  throw new Error(`${response.url} answered ${response.status}: ${String(error)}`);
};
