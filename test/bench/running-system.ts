// Everything runs: model, OpenCode, host-agent and edge; and missions that all wait at one gate and stream at once.
import { setTimeout as pause } from 'node:timers/promises';
import { announcedOpenCode, openCodeCalls } from '../support/lab.ts';
import { type RemoteModel, startRemoteModel } from './remote-model.ts';
import { type System, type SystemOptions, startSystem } from './system.ts';

/** Between two looks at whether anything still runs; nothing is measured then. */
const lookMs = 100;
/** Missions are begun this many at a time: each start of one is work for OpenCode. */
const atATime = 4;

export type RunningSystem = Awaited<ReturnType<typeof startRunningSystem>>;

export const startRunningSystem = async (options: SystemOptions = {}) => {
  const model: RemoteModel = await startRemoteModel();
  const system: System = await startSystem({ ...options, modelUrl: model.url });
  await system.openCode.start();
  await system.agent.start();
  let asked = 0;
  let gates = 0;

  /** Calls to OpenCode itself, past Open Agent. */
  const openCodeServer = () => {
    const found = announcedOpenCode(system.files.openCodeServer);
    return { ...found, ...openCodeCalls(found) };
  };

  const untilIdle = async (): Promise<void> => {
    for (;;) {
      const { json }: { json: unknown[] } = await system.person.call('GET', '/api/control/running');
      if (json.length === 0) return;
      await pause(lookMs);
    }
  };

  return {
    ...system,
    model,
    openCodeServer,
    untilIdle,
    /** Resolves when one turn more has asked the model. */
    untilAsked: (): Promise<void> => model.asked(++asked),
    /** The same for a directory of OpenCode's, past Open Agent. */
    untilOpenCodeIdle: async (directory: string): Promise<void> => {
      const { call } = openCodeServer();
      for (;;) {
        const busy = await call('GET', `/session/status?directory=${encodeURIComponent(directory)}`);
        if (JSON.stringify(busy) === '{}') return;
        await pause(lookMs);
      }
    },
    /**
     * `missions` turns that have reached the model and wait; `begin` lets each stream its `script`. Resolves with their
     * ids.
     */
    poised: async (missions: number, script: (index: number) => string): Promise<{ ids: string[]; begin(): void }> => {
      const gate = `go${++gates}`;
      const ids: string[] = [];
      for (let begun = 0; begun < missions; begun += atATime) {
        const some = Math.min(atATime, missions - begun);
        const said = await Promise.all(
          Array.from({ length: some }, (_, index) => system.person.say(`WAIT ${gate}\n${script(begun + index)}`)),
        );
        ids.push(...said.map(({ mission }) => mission));
        asked += some;
        await model.asked(asked);
      }
      return { ids, begin: () => model.release(gate) };
    },
    close: async (): Promise<void> => {
      await system.close();
      await model.close();
    },
  };
};
