// What calls of tools take that agents make, beside the same calls of OpenCode's own tools in the same minutes.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import * as z from 'zod';
import { packageRoot } from '../../../host-agent/launcher/package-root.ts';
import { startLab } from '../../support/lab.ts';
import { atMost, atMostTimes, type Report, round } from '../figures.ts';
import { proportionalMbOf } from '../process-figures.ts';
import { spreadOf } from '../spread.ts';
import { makeTree, type ToolCase, toolCases } from '../tool-cases.ts';

/** Turns of each, one after the other, so that a busy minute is busy for both; the first ones aren't counted. */
const turns = 5;
const quickTurns = 2;
/** In a turn. */
const calls = 15;
/** The aim, in times of OpenCode's own. */
const aimTimes = 1;
/** The same for the memory of the hands, with one mission. */
const aimMb = 61;

type Lab = Awaited<ReturnType<typeof startLab>>;
interface Side {
  lab: Lab;
  directory: string;
  tookMs: number[];
}

/**
 * Two OpenCodes, one with its own tools and one with ours, which the model tells to call the same. What a call takes is
 * what OpenCode itself says of it (`time` of its part, in whole milliseconds): from where it is begun until its result
 * is there, with everything that is looked up or asked for before. From one call of the model to the next would be the
 * same with OpenCode's own work in between, which is tens of milliseconds and makes all tools alike.
 */
export const tools = async (report: Report, quick: boolean): Promise<void> => {
  const page = createServer((_, response) => response.setHeader('content-type', 'text/html').end(html));
  await once(page.listen(0, '127.0.0.1'), 'listening');
  const { port } = z.object({ port: z.int() }).parse(page.address());
  const theirs = await sideOf(await startLab({ hands: 'none' }));
  const ours = await sideOf(await startLab({ program: join(packageRoot(), 'dist', 'openagent.js') }));
  try {
    for (const [at] of toolCases('', '').entries()) {
      for (const side of [theirs, ours]) side.tookMs = [];
      const caseOf = ({ directory }: Side) => caseAt(at, directory, `http://127.0.0.1:${port}/page`);
      for (let turn = 0; turn <= (quick ? quickTurns : turns); turn++)
        for (const side of turn % 2 === 0 ? [theirs, ours] : [ours, theirs]) {
          const tookMs = await turnOf(side, caseOf(side), turn * calls);
          if (turn > 0) side.tookMs.push(...tookMs);
        }
      tell(report, caseOf(ours).what, ours.tookMs, theirs.tookMs);
    }
    const memoryMb = proportionalMbOf(ours.lab.hands?.pid ?? 0);
    report({
      name: 'memory (PSS) of the hands, after that',
      value: memoryMb,
      unit: 'MB',
      baseline: null,
      aim: atMost(memoryMb, aimMb, 'MB'),
    });
  } finally {
    for (const { lab } of [theirs, ours]) await lab.close();
    page.close();
  }
};

const html = `<html><title>A page</title><body>${'<h2>Part</h2><p>Some <b>words</b> of it.</p>'.repeat(1_000)}</body></html>`;

const sideOf = async (lab: Lab): Promise<Side> => {
  const directory = lab.missionDirectory('tree');
  makeTree(directory);
  return { lab, directory, tookMs: [] };
};

const caseAt = (at: number, directory: string, page: string): ToolCase => {
  const found = toolCases(directory, page)[at];
  if (!found) throw new Error('no such case');
  return found;
};

const messages = z.array(
  z.object({
    parts: z.array(
      z.object({
        type: z.string(),
        tool: z.string().optional(),
        state: z
          .object({
            status: z.string(),
            error: z.string().optional(),
            time: z.object({ start: z.number(), end: z.number() }).optional(),
          })
          .optional(),
      }),
    ),
  }),
);

/** A turn that makes the calls from `from` on; what each took. */
const turnOf = async ({ lab, directory }: Side, { what, tool, args, first }: ToolCase, from: number) => {
  const session = await lab.createSession(directory, what);
  const lines = Array.from({ length: calls }, (_, at) => `TOOL ${tool} ${JSON.stringify(args(from + at + 1))}`);
  const before = first ? [`TOOL ${first.tool} ${JSON.stringify(first.args)}`] : [];
  const steps = lines.length + before.length;
  await lab.prompt(session, [...before, ...lines, 'SAY Over.'].join('\n'));
  await lab.model.sent(({ sessionId, step, outcome }) => sessionId === session && step === steps && outcome === 'done');
  const said = messages.parse(await lab.call('GET', `/session/${session}/message`));
  const parts = said.flatMap(({ parts }) => parts).filter((part) => part.type === 'tool');
  return parts.slice(before.length).map(({ state }) => {
    if (state?.status !== 'completed' || !state.time) throw new Error(`${what}: ${JSON.stringify(state)}`);
    return state.time.end - state.time.start;
  });
};

/**
 * Means, since whole milliseconds are too coarse for what lies in the middle; of the faster half, since what else this
 * machine does in the middle of a call is no part of it.
 */
const tell = (report: Report, what: string, ours: number[], theirs: number[]): void => {
  const [value, baseline] = [fasterHalf(ours), fasterHalf(theirs)];
  report({
    name: `${what}, mean of the faster half`,
    value,
    unit: 'ms',
    baseline: { name: "ms OpenCode's own", value: baseline },
    aim: atMostTimes(value, baseline, aimTimes),
    note: `${round(value / baseline)} ×; p50 ${spreadOf(ours).p50} beside ${spreadOf(theirs).p50}, p95 ${spreadOf(ours).p95} beside ${spreadOf(theirs).p95} ms, of ${ours.length}`,
  });
};

const fasterHalf = (samples: readonly number[]): number => {
  const kept = samples.toSorted((a, b) => a - b).slice(0, Math.ceil(samples.length / 2));
  return kept.reduce((sum, each) => sum + each, 0) / kept.length;
};
