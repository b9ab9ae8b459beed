// A reverse proxy before an edge that changes or loses answers, for what a real network and a real age difference do.
import { once } from 'node:events';
import { createServer } from 'node:http';

/** What happens to an answer: its text as it goes on, or null when it is lost on the way. */
export type Alter = (path: string, text: string) => string | null;

/**
 * Listens on loopback; `alter` may be changed at any time. Requests reach the edge whatever happens to their answers.
 */
export const startAlteringProxy = async (target: string) => {
  const proxy = { url: '', alter: ((_, text) => text) as Alter, close: () => undefined as unknown };
  const server = createServer(async (request, response) => {
    const body: Buffer[] = [];
    for await (const chunk of request) body.push(chunk);
    const headers: Record<string, string> = { 'content-type': request.headers['content-type'] ?? 'text/plain' };
    for (const name of ['authorization', 'idempotency-key']) {
      const value = request.headers[name];
      if (typeof value === 'string') headers[name] = value;
    }
    const method = request.method ?? 'GET';
    const sent = method === 'GET' ? undefined : Buffer.concat(body);
    const answer = await fetch(target + request.url, { method, headers, body: sent });
    const text = proxy.alter(request.url ?? '', await answer.text());
    if (text === null) response.destroy();
    else response.writeHead(answer.status).end(text);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no TCP port');
  proxy.url = `http://127.0.0.1:${address.port}`;
  proxy.close = () => server.close();
  return proxy;
};
