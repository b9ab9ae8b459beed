import { existsSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { alive, processTree } from '../support/launched.ts';
import { type Person, type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
let me: Person;

beforeEach(async () => {
  stack = await startStack();
  me = await stack.person();
});
afterEach(() => stack.close());

const signalIfThere = (pid: number, signal: NodeJS.Signals): void => {
  if (existsSync(`/proc/${pid}`)) process.kill(pid, signal);
};

const stoppedText = 'Open Agent was stopped in the middle of this turn.';

/**
 * What a shutdown of systemd, a closed terminal or a Ctrl-C does: every process gets the signal, or the first alone.
 */
test.each<[NodeJS.Signals, 'all' | 'the first']>([
  ['SIGTERM', 'the first'],
  ['SIGTERM', 'all'],
  ['SIGHUP', 'the first'],
  ['SIGHUP', 'all'],
  ['SIGINT', 'all'],
])(
  '%s to %s of our processes in mid-stream is an orderly stop: thinking and text are kept, and the reason is true',
  async (signal, whom) => {
    const { mission } = await me.say('REASON Thought so far.\nCHUNKS ["Text so far "]\nWAIT never');
    await stack.model.reached('never');
    await vi.waitFor(async () => {
      const { json } = await me.call('GET', `/api/control/missions/${mission}/events`);
      expect(JSON.stringify(json)).toContain('Text so far');
    });
    const processes = processTree(stack.launched().pid);

    for (const { pid } of whom === 'all' ? processes : processes.slice(0, 1)) signalIfThere(pid, signal);
    expect(await stack.launched().ended).toBe(0);
    expect(alive(processes)).toEqual([]);
    await stack.restart();

    await vi.waitFor(async () => {
      const shown = (await me.call('GET', `/api/control/missions/${mission}`)).json;
      expect(shown).toMatchObject({ status: 'interrupted', resumable: true });
    });
    const events = JSON.stringify((await me.call('GET', `/api/control/missions/${mission}/events`)).json);
    expect(events).toContain('Thought so far.');
    expect(events).toContain('Text so far ');
    expect(events).toContain(stoppedText);
  },
);
