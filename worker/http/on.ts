import type { Handler } from 'hono';
import { AppError } from '../../shared/errors.ts';
import type { Body, Input, Output, Route } from '../../shared/routes/route.ts';
import type { Principal } from '../principal.ts';
import { exactBody, jsonBody, optionalBody } from './body.ts';
import type { Bound, Context } from './context.ts';

/** A declared route with what answers it. */
export interface Served {
  route: Route;
  handle: Handler<Bound>;
}

/** A request whose parts are what its route declares. */
export type Checked<R extends Route> = Input<R> & {
  c: Context;
} & (R['who'] extends 'user' | 'resident' | 'admin' ? Asking : unknown);

/** Who asks, where the route is for users. */
interface Asking {
  principal: Principal;
  user: Principal['user'];
}

/**
 * Answers a declared route. The path is checked first, then the query, then the body (400, 413, 415, 422 as
 * contract §1.4 says); what `answer` gives back is written as JSON, or as it is where it is a response already.
 */
export const on = <R extends Route>(
  route: R,
  answer: (request: Checked<R>) => Given<R> | Promise<Given<R>>,
): Served => ({
  route,
  handle: async (c) => {
    const given = await answer(await checked(route, c));
    return given instanceof Response ? given : c.json(given);
  },
});

/** JSON before it is written, or a response as it is. */
type Given<R extends Route> = Output<NoInfer<R>> | Response;

/** The one place where what the schemas of a declaration gave gets the type that follows from it. */
const checked = async <R extends Route>(route: R, c: Context): Promise<Checked<R>> => {
  const params = partOf('Invalid URL', route.params, c.req.param());
  const query = partOf('Invalid query', route.query, c.req.query());
  const body = await bodyOf(route.body, c);
  const principal: Principal | undefined = c.get('principal');
  return { c, params, query, body, principal, user: principal?.user } as unknown as Checked<R>;
};

const partOf = (what: string, schema: Route['params'], given: Record<string, string>): object => {
  const result = schema?.safeParse(given);
  if (!result) return {};
  if (result.success) return result.data;
  throw new AppError('bad_request', `${what}: ${result.error.issues[0]?.message ?? 'it is not understood'}`);
};

const bodyOf = (body: Body | undefined, c: Context): Promise<unknown> | undefined => {
  switch (body?.kind) {
    case 'required':
      return jsonBody(c, body.schema);
    case 'exact':
      return exactBody(c, body.schema);
    case 'optional':
      return optionalBody(c, body.schema);
    // A form is passed on unread.
    case 'form':
    case undefined:
      return undefined;
  }
};
