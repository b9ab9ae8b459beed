// What a call of a tool takes by way of the hands, beside the same by a bare server, and what they take in memory.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import * as z from 'zod';
import type { Ask } from '../../../host-agent/hands/call/outcome.ts';
import { packageRoot } from '../../../host-agent/launcher/package-root.ts';
import { callTool } from '../../support/hands-client.ts';
import { type HandsProcess, startHandsProcess } from '../../support/hands-process.ts';
import { processTree } from '../../support/launched.ts';
import { atMost, type Report } from '../figures.ts';
import { proportionalMbOf } from '../process-figures.ts';
import { spreadOf } from '../spread.ts';

/** An empty call, once warm. */
const aimMs = 2;
/** Of the hands, and for each mission beside. */
const [aimMb, aimMissionMb] = [60, 1];
const missions = 100;

export const hands = async (report: Report, quick: boolean): Promise<void> => {
  const running = await startHandsProcess({ program: join(packageRoot(), 'dist', 'openagent.js') });
  try {
    const before = proportionalMbOf(running.pid);
    report({
      name: 'memory (PSS), no mission',
      value: before,
      unit: 'MB',
      baseline: null,
      aim: atMost(before, aimMb, 'MB'),
    });
    for (let count = 0; count < missions; count++) await running.mission(`mission-${count}`);
    const after = proportionalMbOf(running.pid);
    report({
      name: `memory (PSS), ${missions} missions`,
      value: after,
      unit: 'MB',
      baseline: { name: 'MB without', value: before },
      aim: atMost(after, aimMb + missions * aimMissionMb, 'MB'),
    });
    await measureRead(running, report, quick ? 200 : 2_000);
    const actor = processTree(running.actor()).reduce((total, { pid }) => total + proportionalMbOf(pid), 0);
    report({ name: 'memory (PSS) of the actor, after that', value: actor, unit: 'MB', baseline: null, aim: null });
  } finally {
    await running.close();
  }
};

const measureRead = async (running: HandsProcess, report: Report, count: number): Promise<void> => {
  const directory = await running.mission('mission-0');
  const filePath = join(directory, 'small.txt');
  writeFileSync(filePath, 'a line of a small file\n'.repeat(20));
  const socket = join(running.state, 'bare.sock');
  const program = join(import.meta.dirname, '..', 'bare-reader.ts');
  const bare = spawn(process.execPath, ['--no-warnings', program, socket, filePath], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(bare.stdout, 'data');
    const read = async (granted: readonly Ask[] = []) =>
      (await callTool(running.socket, { tool: 'read', args: { filePath }, directory, granted })).structuredContent;
    const first = await read();
    const granted = first.kind === 'asks' ? first.asks : [];
    const byHands = async () => {
      const said = await read(granted);
      if (said.kind !== 'done') throw new Error(`the call ended: ${JSON.stringify(said)}`);
    };
    const byBare = () => get(socket);
    await timed(byHands, count); // Warm.
    await timed(byBare, count);
    const [plain, ours] = [await timed(byBare, count), await timed(byHands, count)];
    for (const at of ['p50', 'p99'] as const)
      report({
        name: `read of a small file by MCP ${at}`,
        value: ours[at],
        unit: 'ms',
        baseline: { name: `ms bare server ${at}`, value: plain[at] },
        aim: at === 'p50' ? atMost(ours.p50, aimMs, 'ms') : null,
        note: 'each on a connection of its own, with its permission; the call that asks for it comes before',
      });
  } finally {
    bare.kill('SIGKILL');
  }
};

const timed = async (call: () => Promise<void>, count: number) => {
  const tookMs: number[] = [];
  for (let index = 0; index < count; index++) {
    const begun = performance.now();
    await call();
    tookMs.push(performance.now() - begun);
  }
  return spreadOf(tookMs);
};

const get = async (socketPath: string): Promise<void> => {
  const asked = request({ socketPath, path: '/', agent: false }).end();
  const [response] = z.tuple([z.instanceof(IncomingMessage)]).parse(await once(asked, 'response'));
  for await (const _ of response);
};
