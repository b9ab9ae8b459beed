// The shipped Worker, with the clock read around each call of a server's object until that lets others get on, and
// around its construction. Nothing else in it is measured: the clock here knows whole milliseconds.
import shipped, { Host as Shipped } from './shipped.js';

export { Account, Relay } from './shipped.js';

/** Milliseconds in which the object was held, by what held it. */
let held: Record<string, number[]> = {};

const holding = <T>(name: string, work: () => T): T => {
  const begun = performance.now();
  try {
    return work();
  } finally {
    held[name] = [...(held[name] ?? []), performance.now() - begun];
  }
};

// A class that calls itself by another name would be another one to the platform.
export const Host = new Proxy(Shipped, {
  construct: (target, given, as) => holding('construction', () => Reflect.construct(target, given, as)),
});

const methods = Object.getOwnPropertyNames(Shipped.prototype).filter((name) => name !== 'constructor');
for (const name of methods) {
  const method = Reflect.get(Shipped.prototype, name);
  Reflect.set(Shipped.prototype, name, function (this: InstanceType<typeof Shipped>, ...given: unknown[]) {
    return holding(name, () => Reflect.apply(method, this, given));
  });
}

export default {
  fetch: (request: Request, env: object, ctx: ExecutionContext): Promise<Response> | Response => {
    if (new URL(request.url).pathname !== '/bench/held') return shipped.fetch(request, env, ctx);
    const said = Response.json(held);
    held = {};
    return said;
  },
};
