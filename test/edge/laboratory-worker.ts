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
const classOf = z.enum(['HOST', 'ACCOUNT']);
const oneObject = z.object({ of: classOf, name: z.string() });

const orders = z.object({
  d1: d1Illness,
  /** Classes, or single objects, that throw when they start. */
  throwing: z.array(z.union([classOf, oneObject])),
  /** Objects that are to end now, so that they have to start again: binding and name. */
  ending: z.array(oneObject),
});
let throwing: z.infer<typeof orders>['throwing'] = [];

/** Names of the servers whose objects a request has asked for something since the last order. */
const asked = new Set<string>();

const withSickD1 = (env: Bindings): Bindings => ({ ...env, DB: d1.binding(env.DB) });

/** How often an object threw at its start. */
let thrown = 0;

const throwIfOrdered = (of: z.infer<typeof classOf>, { name }: DurableObjectId): void => {
  const isOrdered = throwing.some((each) =>
    typeof each === 'string' ? each === of : each.of === of && each.name === name,
  );
  if (!isOrdered) return;
  thrown += 1;
  throw new Error(`an object of ${of} throws at its start, as ordered`);
};

/** How an object is told to end: a request that the shipped Worker does not make. */
const endUrl = 'http://laboratory/end';

export class Host extends RealHost {
  constructor(ctx: DurableObjectState, env: Bindings) {
    throwIfOrdered('HOST', ctx.id);
    super(ctx, withSickD1(env));
  }

  override fetch(request: Request): Response {
    if (request.url === endUrl) this.ctx.abort('as ordered');
    return super.fetch(request);
  }
}

const askedFor = Object.getOwnPropertyNames(RealHost.prototype).filter(
  (name) => name !== 'constructor' && name !== 'alarm' && !name.startsWith('webSocket'),
);
for (const name of askedFor) {
  const call = Reflect.get(Host.prototype, name);
  Reflect.set(Host.prototype, name, function (this: Host, ...given: unknown[]) {
    asked.add(this.ctx.id.name ?? '');
    return Reflect.apply(call, this, given);
  });
}

export class Account extends RealAccount {
  constructor(ctx: DurableObjectState, env: Bindings) {
    throwIfOrdered('ACCOUNT', ctx.id);
    super(ctx, withSickD1(env));
  }

  override async fetch(request: Request): Promise<Response> {
    if (request.url === endUrl) this.ctx.abort('as ordered');
    return super.fetch(request);
  }
}

const obey = async (request: Request, env: Bindings): Promise<Response> => {
  const ordered = orders.parse(await request.json());
  const answer = { inVain: d1.askedInVain(), thrown, asked: [...asked] };
  d1.is(ordered.d1);
  throwing = ordered.throwing;
  for (const { of, name } of ordered.ending) {
    const ended = env[of].getByName(name).fetch(endUrl);
    await ended.catch(() => undefined); // It ends without an answer.
  }
  asked.clear();
  return Response.json(answer);
};

export default {
  fetch: (request: Request, env: Bindings, context: ExecutionContext): Response | Promise<Response> =>
    new URL(request.url).pathname === '/laboratory'
      ? obey(request, env)
      : shipped.fetch(request, withSickD1(env), context),
};
