// The Worker of the fault laboratory, around the built one that is shipped (test/faults/edge-orders.ts bundles it): the
// same, but that it takes orders about its D1 and about objects that fail. The real D1 is behind it.
import * as z from 'zod';
import { Account as RealAccount } from '../../worker/account/object.ts';
import type { Bindings } from '../../worker/env.ts';
import { Host as RealHost } from '../../worker/host/object.ts';
import shipped from '../../worker/index.ts';
import { d1Illness, sickD1 } from '../support/sick-d1.ts';

export { Relay } from '../../worker/index.ts';

/** One for the Worker and its objects, as D1 is; it is well again after a start. */
const d1 = sickD1();
/** Classes whose objects throw when they start. */
let throwing: readonly string[] = [];

const orders = z.object({
  d1: d1Illness,
  throwing: z.array(z.enum(['HOST', 'ACCOUNT'])),
  /** Objects that are to end now, so that they have to start again: binding and name. */
  ending: z.array(z.object({ of: z.enum(['HOST', 'ACCOUNT']), name: z.string() })),
});

const withSickD1 = (env: Bindings): Bindings => ({ ...env, DB: d1.binding(env.DB) });

const throwIfOrdered = (of: string): void => {
  if (throwing.includes(of)) throw new Error(`an object of ${of} throws at its start, as ordered`);
};

/** How an object is told to end: a request that the shipped Worker does not make. */
const endUrl = 'http://laboratory/end';

export class Host extends RealHost {
  constructor(ctx: DurableObjectState, env: Bindings) {
    throwIfOrdered('HOST');
    super(ctx, withSickD1(env));
  }

  override fetch(request: Request): Response {
    if (request.url === endUrl) this.ctx.abort('as ordered');
    return super.fetch(request);
  }
}

export class Account extends RealAccount {
  constructor(ctx: DurableObjectState, env: Bindings) {
    throwIfOrdered('ACCOUNT');
    super(ctx, withSickD1(env));
  }

  override async fetch(request: Request): Promise<Response> {
    if (request.url === endUrl) this.ctx.abort('as ordered');
    return super.fetch(request);
  }
}

const obey = async (request: Request, env: Bindings): Promise<Response> => {
  const asked = orders.parse(await request.json());
  const inVain = d1.askedInVain();
  d1.is(asked.d1);
  throwing = asked.throwing;
  for (const { of, name } of asked.ending) {
    const ended = env[of].getByName(name).fetch(endUrl);
    await ended.catch(() => undefined); // It ends without an answer.
  }
  return Response.json({ inVain });
};

export default {
  fetch: (request: Request, env: Bindings, context: ExecutionContext): Response | Promise<Response> =>
    new URL(request.url).pathname === '/laboratory'
      ? obey(request, env)
      : shipped.fetch(request, withSickD1(env), context),
};
