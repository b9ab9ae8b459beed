// Missions with a turn that runs, made as a person and a server make them: so edge, account and D1 know of them.
import { randomUUID } from 'node:crypto';
import { turnRows } from './host-rows.ts';
import { dialHost, type ScriptedHost } from './scripted-host.ts';
import type { System } from './system.ts';

/**
 * Connects the server of this machine, and says something to so many new missions, which it begins at once. Out: its
 * link, which is to be closed; while it is open they run.
 */
export const startRunningMissions = async ({ url, host, person }: System, count: number): Promise<ScriptedHost> => {
  const link = await dialHost(url, '/api/host/link', { run: randomUUID(), token: `${host.id}.${host.credential}` });
  for (let begun = 0; begun < count; begun++) {
    const { mission, message } = await person.say('Do something useful');
    link.send({ items: turnRows(mission, message).rows, deltas: [] });
  }
  await link.settled();
  return link;
};
