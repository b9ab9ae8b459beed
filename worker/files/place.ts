import type { FileScope } from '../../shared/calls/files.ts';
import { AppError } from '../../shared/errors.ts';
import { missionId } from '../../shared/ids.ts';
import { authMode } from '../auth/mode.ts';
import { directory } from '../directory/directory.ts';
import { listHosts } from '../directory/hosts.ts';
import { missionsNamed } from '../directory/missions.ts';
import type { Context } from '../http/context.ts';
import { currentMission } from '../missions/place.ts';
import { may } from '../principal.ts';

/** A file on a server, as a user may reach it. */
export interface Place {
  host: string;
  /** What the server's resolver is told. */
  target: { path: string; scope: FileScope };
}

/** A mission directory's short id or a whole mission id, wherever a path has one (contract §8.1). */
const named = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mission-([0-9a-f]{8})/g;
/** No real path names more missions than this; the bound keeps the query small. */
const maxNamed = 8;

/**
 * Paths that mean the current mission (contract §2.10): relative ones and those below /root/context. They are on its
 * server.
 */
const isOfCurrent = (path: string): boolean => !path.startsWith('/') || /^\/root\/context(\/|$)/.test(path);

/**
 * Finds the server that a path is on: that of a mission named in the path, else that of the current mission, else the
 * default server. Also what the user may reach there: with several users nobody reaches the mission of another user.
 * Throws 503 when no server is enrolled.
 */
export const placeOf = async (c: Context, path: string): Promise<Place> => {
  const db = directory(c.env);
  const principal = c.get('principal');
  const { user } = principal;
  const names = [...path.matchAll(named)].slice(0, maxNamed).map(([whole, short]) => short ?? whole);
  const [current, found, hosts] = await Promise.all([
    currentMission(c.env, user.id),
    missionsNamed(db, user.id, names),
    listHosts(db),
  ]);
  const ofCurrent = isOfCurrent(path) ? current?.host : null;
  const host = (path.startsWith('/') ? found[0]?.host : null) ?? ofCurrent ?? hosts[0]?.id;
  if (host === undefined)
    throw new AppError('unavailable', 'No server is enrolled: run `openagent up`, then try again.');
  const isHere = current?.host === host;
  const mine = [...found, ...(current ? [{ id: current.mission, host: current.host }] : [])];
  const scope: FileScope = {
    current: isHere ? current.mission : null,
    missions:
      authMode(c.env).kind === 'multi_user'
        ? mine.filter((mission) => mission.host === host).map(({ id }) => missionId.parse(id))
        : null,
    everything: may(principal, 'admin'),
  };
  return { host, target: { path, scope } };
};
