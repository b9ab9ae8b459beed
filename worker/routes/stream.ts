import { AppError } from '../../shared/errors.ts';
import { controlRoutes } from '../../shared/routes/control.ts';
import { accountOf } from '../account/account-of.ts';
import { holdLogin } from '../account/hold.ts';
import type { Env } from '../env.ts';
import { hostObject } from '../hosts/object.ts';
import { on, type Served } from '../http/on.ts';
import { requireMissionHost } from '../missions/find.ts';
import { may, type Principal } from '../principal.ts';
import { limitsOf } from '../quotas/limits.ts';
import { Bridge } from '../stream/bridge.ts';
import type { StreamEdge } from '../stream/edge.ts';
import { roomsHere } from '../stream/room.ts';

/**
 * `GET /api/control/stream`: the user's events, `?mission_id=` for one mission, `?format=delta` for the rendering that
 * is made for resuming. `Last-Event-ID` or `?after=` goes on where a stream was left; the header wins. 429 for a delta
 * stream for which there is no room; the default one is answered and held, since its clients take a refusal for the
 * end.
 */
export const stream: Served[] = [
  on(controlRoutes.stream, async ({ c, principal, query }) => {
    const { id: owner } = principal.user;
    const mission = query.mission_id ?? null;
    const only = mission && { mission, host: await requireMissionHost(c.env, owner, mission) };
    const after = c.req.header('Last-Event-ID') || query.after || null;
    // Hono answers HEAD by the same route and drops the body, which would leave a stream that nobody reads.
    if (c.req.method === 'HEAD') return new Response(null, { headers });
    const rendering = query.format || 'default';
    const options = { owner, isAdmin: may(principal, 'admin'), rendering, only, after };
    const bridge = new Bridge(edgeOf(c.env, principal), options);
    const body = bridge.open();
    const refusal = rendering === 'delta' ? await bridge.refusal : null;
    if (refusal === null) return new Response(body, { headers });
    await body.cancel();
    throw new AppError('too_many', refusal);
  }),
];

/** Neither buffered nor compressed on the way (contract §4.1). */
const headers = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
};

const edgeOf = (env: Env, principal: Principal): StreamEdge => {
  const account = () => accountOf(env, principal.user.id);
  return {
    clock: env.clock,
    object: (host) => hostObject(env, host),
    most: async () => (await limitsOf(env, principal.user.id)).streams,
    rooms: roomsHere,
    hold: (holding) => holdLogin(env, principal, holding),
    keep: (positions) => account().keepPositions(positions),
    kept: (handle) => account().positionsAt(handle),
  };
};
