// The shipped Worker, and beside it in the same workerd the baselines it is measured against.

import type { Keeping } from './keeping.ts';
import { type Minimal, minimalStream } from './minimal.ts';
import shipped from './shipped.js';

export { Keeping } from './keeping.ts';
export { Minimal } from './minimal.ts';
export { Account, Host, Relay } from './shipped.js';

interface Env {
  DB: D1Database;
  MINIMAL: DurableObjectNamespace<Minimal>;
  KEEPING: DurableObjectNamespace<Keeping>;
}

/** Ready-made pieces as large as a page of the log. */
const pieceBytes = 64 * 1024;

const bytes = (count: number): Response => {
  let left = count;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      controller.enqueue(new Uint8Array(Math.min(left, pieceBytes)).fill(46));
      left -= pieceBytes;
      if (left <= 0) controller.close();
    },
  });
  return new Response(body);
};

const link = (object: Fetcher): Promise<Response> =>
  object.fetch('http://minimal/link', { headers: { Upgrade: 'websocket' } });

export default {
  fetch: async (request: Request, env: Env, ctx: ExecutionContext): Promise<Response> => {
    const url = new URL(request.url);
    switch (url.pathname) {
      case '/bench/trivial':
        return Response.json({ ok: true });
      case '/bench/one-read':
        return Response.json(await env.DB.prepare('SELECT id FROM hosts LIMIT 1').first());
      case '/bench/bytes':
        return bytes(Number(url.searchParams.get('count')));
      case '/bench/minimal/link':
        return link(env.MINIMAL.getByName('only'));
      case '/bench/minimal/stream':
        return minimalStream(env.MINIMAL.getByName('only'));
      case '/bench/keeping/link':
        return link(env.KEEPING.getByName('only'));
      case '/bench/keeping/stream':
        return minimalStream(env.KEEPING.getByName('only'));
      default:
        return shipped.fetch(request, env, ctx);
    }
  },
};
