// The hostile user (hostile-process.ts), begun and ended.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fullQueues } from './full-queues.ts';
import { openedMission } from './host-rows.ts';
import type { HostileNews, HostileOrder } from './hostile-process.ts';
import type { ScriptedHost } from './scripted-host.ts';

/**
 * Fills what can be filled by asking; the other missions and the log are there already. `host` never answers, so that
 * calls and uploads stay under way. Resolves when all is full; out: what ends it, and says what was not full and how
 * what was asked for besides was answered.
 */
export const startHostileLoad = async (
  { url, headers }: Pick<HostileOrder, 'url' | 'headers'>,
  owner: string,
  host: ScriptedHost,
) => {
  const missions = Array.from({ length: fullQueues }, () => openedMission(owner));
  await host.sendAll(
    missions.map(({ rows }) => ({ items: rows, deltas: [] })),
    Number.POSITIVE_INFINITY,
  );
  const child = fork(join(import.meta.dirname, 'hostile-process.ts'), {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  const news = async (): Promise<HostileNews> => {
    const [said]: HostileNews[] = await once(child, 'message');
    if (!said || said.kind === 'failed') throw new Error(`the hostile user: ${said?.reason ?? 'said nothing'}`);
    return said;
  };
  child.send({ url, headers, missions: missions.map(({ mission }) => mission) } satisfies HostileOrder);
  await news();
  return {
    stop: async (): Promise<{ notFull: string[]; answers: string }> => {
      child.send('stop');
      const said = await news();
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
      return said.kind === 'stopped' ? said : { notFull: [], answers: '' };
    },
  };
};
