import type { MissionJson } from '../../shared/api.ts';
import { AppError } from '../../shared/errors.ts';
import { type MissionId, missionId } from '../../shared/ids.ts';
import { directory } from '../directory/directory.ts';
import type { HostRow } from '../directory/hosts.ts';
import { drawMissionId } from '../directory/missions.ts';
import type { Env } from '../env.ts';
import { callObject, unwrap } from '../hosts/object.ts';
import { limitsOf } from '../quotas/limits.ts';
import { routed } from './place.ts';
import { withoutPage } from './whole.ts';

export const newMissionId = (): MissionId => missionId.parse(crypto.randomUUID());

/**
 * Draws the id of a mission that is about to be made on this server: one whose place the server has ready, where there
 * is one. Nothing but how soon its agent begins depends on that.
 */
export const drawOn = async (env: Env, owner: string, host: string): Promise<MissionId> => {
  const limits = await limitsOf(env, owner);
  let prepared = unwrap(await callObject(env, host, (object) => object.prepared(owner, limits)));
  return drawMissionId(directory(env), host, () => {
    const id = prepared ?? newMissionId();
    prepared = null;
    return id;
  });
};

/** The server a mission is created on, or 503 with the command that brings one. */
export const requireHost = (host: HostRow | null): HostRow => {
  if (host) return host;
  throw new AppError(
    'unavailable',
    'No server is enrolled: run `openagent up` on this machine, or enrol a server with `openagent enroll <url> <code>`',
  );
};

/** The agent as its server spells it; 400 with the names it knows. Unchecked until the server has reported them. */
export const knownAgent = (host: HostRow, agent: string | null): string | null => {
  const wanted = agent?.trim() || null;
  if (wanted === null || host.agents === null) return wanted;
  const found = host.agents.find((name) => name.toLowerCase() === wanted.toLowerCase());
  if (found !== undefined) return found;
  throw new AppError('bad_request', `Agent '${wanted}' not found. Available agents: ${host.agents.join(', ')}`);
};

/** What a client may choose about a new mission; null leaves it to the server. */
export interface NewMissionChoice {
  title: string | null;
  agent: string | null;
  model: string | null;
}

/** Creates a mission that becomes its owner's current one. Harmless when repeated with the same id. */
export const createMission = async (
  env: Env,
  owner: string,
  host: Pick<HostRow, 'id' | 'workspaceId'>,
  id: MissionId,
  choice: NewMissionChoice,
): Promise<MissionJson> => {
  const wanted = { id, owner, workspace: host.workspaceId, ...choice };
  const limits = await limitsOf(env, owner);
  const mission = await routed(env, owner, { mission: id, host: host.id }, () =>
    callObject(env, host.id, (object) => object.createMission(wanted, limits)),
  );
  return withoutPage(mission);
};
