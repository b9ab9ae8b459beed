// The shipped Worker with everything counted that is billed, and with Cloudflare's pacing of frames (25 ms).
import {
  active,
  countAlarm,
  countCall,
  countConstruction,
  countFrame,
  countRequest,
  countSelections,
  meterD1,
  meterSql,
  readMeter,
} from './meter.ts';
import shipped, { Host as Shipped } from './shipped.js';

export { Account, Relay } from './shipped.js';

interface Env {
  DB: D1Database;
  EDGE?: string;
}

export class Host extends Shipped {
  constructor(ctx: DurableObjectState, env: Env) {
    countConstruction();
    meterSql(ctx.storage.sql);
    const [setAlarm, waitUntil] = [ctx.storage.setAlarm.bind(ctx.storage), ctx.waitUntil.bind(ctx)];
    ctx.storage.setAlarm = (...given: Parameters<typeof setAlarm>) => {
      countAlarm();
      return setAlarm(...given);
    };
    ctx.waitUntil = (promise) => waitUntil(active(() => promise));
    // Without EDGE the object takes itself for one on Cloudflare.
    super(ctx, { ...env, DB: meterD1(env.DB), EDGE: undefined });
  }
}

/** The names of what the platform or the Worker calls on an object. */
const calls = Object.getOwnPropertyNames(Shipped.prototype).filter((name) => name !== 'constructor');
for (const name of calls) {
  const call = Reflect.get(Shipped.prototype, name);
  Reflect.set(Host.prototype, name, function (this: Host, ...given: unknown[]) {
    if (name === 'webSocketMessage') countFrame();
    else if (!name.startsWith('webSocket')) countCall(name);
    return active(() => Reflect.apply(call, this, given));
  });
}

export default {
  fetch: async (request: Request, env: Env, ctx: ExecutionContext): Promise<Response> => {
    const { pathname } = new URL(request.url);
    if (pathname === '/bench/meter') return Response.json(readMeter());
    if (pathname === '/bench/selections') {
      countSelections();
      return new Response('counted from here on');
    }
    countRequest(pathname);
    return shipped.fetch(request, { ...env, DB: meterD1(env.DB) }, ctx);
  },
};
