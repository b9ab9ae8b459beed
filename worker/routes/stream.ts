import { controlRoutes } from '../../shared/routes/control.ts';
import { holdLogin } from '../account/hold.ts';
import { directory } from '../directory/directory.ts';
import { hostsForStream } from '../directory/hosts.ts';
import type { Env } from '../env.ts';
import { hostObject } from '../hosts/object.ts';
import { on, type Served } from '../http/on.ts';
import { requireMissionHost } from '../missions/find.ts';
import { may, type Principal } from '../principal.ts';
import { Bridge, type StreamEdge } from '../stream/bridge.ts';

/**
 * `GET /api/control/stream`: the user's events, `?mission_id=` for one mission, `?format=delta` for the rendering that
 * is made for resuming. `Last-Event-ID` or `?after=` goes on where a stream was left; the header wins.
 */
export const stream: Served[] = [
  on(controlRoutes.stream, async ({ c, principal, query }) => {
    const { id: owner } = principal.user;
    const mission = query.mission_id ?? null;
    const edge = await edgeOf(c.env, principal, mission);
    const after = c.req.header('Last-Event-ID') || query.after || null;
    // Hono answers HEAD by the same route and drops the body, which would leave a stream that nobody reads.
    if (c.req.method === 'HEAD') return new Response(null, { headers });
    const bridge = new Bridge(edge, {
      owner,
      isAdmin: may(principal, 'admin'),
      rendering: query.format || 'default',
      mission,
      after,
    });
    return new Response(bridge.open(await edge.hosts()), { headers });
  }),
];

/** Neither buffered nor compressed on the way (contract §4.1). */
const headers = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
};

/** All servers, or the one that holds the mission asked for. */
const edgeOf = async (
  env: Env,
  principal: Principal,
  mission: Parameters<typeof requireMissionHost>[2] | null,
): Promise<StreamEdge> => {
  const owner = principal.user.id;
  const only = mission && (await requireMissionHost(env, owner, mission));
  return {
    clock: env.clock,
    hosts: async () => {
      const hosts = await hostsForStream(directory(env), owner);
      // A page of one mission shows the log of the mission's server even when the server was removed.
      return only === null
        ? hosts
        : hosts.filter(({ id }) => id === only).map((host) => ({ ...host, isRemoved: false }));
    },
    object: (host) => hostObject(env, host),
    hold: (holding) => holdLogin(env, principal, holding),
  };
};
