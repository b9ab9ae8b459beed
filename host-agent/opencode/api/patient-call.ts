import { request } from 'node:http';
import type { EndpointFile } from './endpoint.ts';
import { OpenCodeAway, OpenCodeRefused } from './failure.ts';

/**
 * A POST to OpenCode that may take as long as a person does, up to `ms`: Node's fetch gives up on headers after 300 s
 * (opencode §6.2). Throws OpenCodeAway and OpenCodeRefused; the latter without OpenCode's reason, which may quote what
 * was sent.
 */
export const patientPost = async (endpoint: EndpointFile, path: string, body: unknown, ms: number): Promise<void> => {
  const { url, authorization } = endpoint.get();
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const headers = { authorization, 'content-type': 'application/json' };
  const sent = request(url + path, { method: 'POST', headers, signal: AbortSignal.timeout(ms) }, (response) => {
    response.resume();
    response.once('end', () => resolve(response.statusCode ?? 0)).once('error', reject);
  });
  sent.once('error', reject);
  sent.end(JSON.stringify(body));
  const route = path.split('?')[0];
  const status = await promise.catch((cause: unknown) => {
    throw new OpenCodeAway(`OpenCode did not answer POST ${route}`, { cause });
  });
  if (status < 200 || status > 299) throw new OpenCodeRefused(status, `POST ${route} (${status})`);
};
