// What the host-agent takes to be back at a turn that runs, on a server where thousands of missions rest.
import { parkingLimits } from '../../../host-agent/missions/parking/parking.ts';
import { openCodeClient } from '../../../host-agent/opencode/api/client.ts';
import { endpointFile } from '../../../host-agent/opencode/api/endpoint.ts';
import { readTrees } from '../../../host-agent/opencode/api/history.ts';
import { atMostTimes, type Report } from '../figures.ts';
import { watchMarks } from '../marked-stream.ts';
import { addRestingMissions } from '../resting-missions.ts';
import { type RunningSystem, startRunningSystem } from '../running-system.ts';
import { spreadOf } from '../spread.ts';

/** The numbers, and its aim. */
const [few, many] = [10, 5_000];
const times = 1.2;
const rounds = 15;
const quickRounds = 5;

interface Attached {
  /** Milliseconds from the start of the host-agent until a person sees what the turn says then. */
  shownMs: number[];
  /** Milliseconds that reading all that the turn has said takes of that. */
  readMs: number[];
}

/** Restarts the host-agent while a turn runs, again and again. */
const attached = async (system: RunningSystem, count: number, marks: { next: number }): Promise<Attached> => {
  const client = openCodeClient(endpointFile(system.files.openCodeServer));
  const stream = await watchMarks(`${system.url}/api/control/stream?format=delta`, system.headers);
  const taken: Attached = { shownMs: [], readMs: [] };
  // The first one is of processes that have not done it before.
  for (let round = 0; round <= count; round++) {
    marks.next += 1;
    const { next } = marks;
    // In two pieces, since the message itself is shown too.
    const poised = await system.poised(1, () => `CHUNKS ["bench-mark","-${next}-"]`);
    await system.agent.stop();
    const sessions = await client.listAllSessions();
    const newest = sessions.toSorted((a, b) => (b.time?.updated ?? 0) - (a.time?.updated ?? 0))[0];
    let begun = performance.now();
    const trees = await readTrees(client, [newest?.id ?? '']);
    const readMs = performance.now() - begun;
    if ((trees.get(newest?.id ?? '')?.length ?? 0) === 0) throw new Error('nothing was read of the turn');
    begun = performance.now();
    const starting = system.agent.start();
    poised.begin();
    await stream.reached(next);
    const shownMs = performance.now() - begun;
    await starting;
    await system.untilIdle();
    if (round === 0) continue;
    taken.readMs.push(readMs);
    taken.shownMs.push(shownMs);
  }
  stream.close();
  return taken;
};

export const attach = async (report: Report, quick: boolean): Promise<void> => {
  const system = await startRunningSystem();
  const count = quick ? quickRounds : rounds;
  const marks = { next: 0 };
  try {
    for (let each = 0; each < few; each++) {
      await system.person.say('SAY Done.');
      await system.untilIdle();
    }
    const before = await attached(system, count, marks);
    await system.agent.stop();
    // As many as stay in OpenCode at most, with room for the turns of this section.
    const inOpenCode = parkingLimits.most - few - 2 * (count + 2);
    await addRestingMissions(system, many - few, inOpenCode);
    await system.agent.start();
    const after = await attached(system, count, marks);
    const note = `${inOpenCode} of them in OpenCode, the others parked`;
    const figure = (name: string, of: keyof Attached, isAimed: boolean) => {
      const [large, small] = [spreadOf(after[of]), spreadOf(before[of])];
      report({
        name: `${name} at ${many} missions, median`,
        value: large.p50,
        unit: 'ms',
        baseline: { name: `ms at ${few}`, value: small.p50 },
        aim: isAimed ? atMostTimes(large.p50, small.p50, times) : null,
        note: `${note}; longest ${large.max.toFixed(0)} beside ${small.max.toFixed(0)} ms`,
      });
    };
    figure('from the start of the host-agent until what a running turn says is shown', 'shownMs', true);
    figure('of which reading what the turn has said from OpenCode takes', 'readMs', false);
  } finally {
    await system.close();
  }
};
