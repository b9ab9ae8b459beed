import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Outcome } from '../../host-agent/hands/call/outcome.ts';
import type { Situation, Tool } from '../../host-agent/hands/call/tool.ts';
import { systemClock } from '../../shared/clock.ts';

/** What an agent in `directory` calls tools with. */
export const situationIn = (directory: string, more: Partial<Situation> = {}): Situation => ({
  directory,
  session: 'ses_1',
  call: 'call_1',
  agent: 'build',
  granted: [],
  seen: { note: () => undefined, of: () => null, forget: () => undefined },
  keep: async (name, text) => {
    const path = join(directory, 'temp', name);
    mkdirSync(join(directory, 'temp'), { recursive: true });
    writeFileSync(path, text);
    return path;
  },
  signal: new AbortController().signal,
  live: () => undefined,
  clock: systemClock,
  ...more,
});

type Done = Extract<Outcome, { kind: 'done' }>;

/** Calls a tool with everything granted that it asks for. Throws where it fails. */
export const callAllowed = async (tool: Tool, args: unknown, situation: Situation): Promise<Done> => {
  const outcome = await callGranting(tool, args, situation);
  if (outcome.kind !== 'done') throw new Error(`${tool.name} did not get done: ${JSON.stringify(outcome)}`);
  return outcome;
};

/** The same, whatever comes of it. */
export const callGranting = async (tool: Tool, args: unknown, situation: Situation): Promise<Outcome> => {
  const first = await tool.run(args, situation);
  return first.kind === 'asks' ? tool.run(args, { ...situation, granted: first.asks }) : first;
};
