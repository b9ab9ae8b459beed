// The shell of an agent, with real processes: what it prints comes back whole and in order, and nothing of it is left.
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Commands, makeCommands } from '../../host-agent/hands/commands/commands.ts';
import { bashKillTool, bashOutputTool } from '../../host-agent/hands/tools/background.ts';
import { bashTool } from '../../host-agent/hands/tools/bash.ts';
import { systemClock } from '../../shared/clock.ts';
import { processesWith, uniqueSeconds } from '../support/processes.ts';
import { callAllowed, callGranting, situationIn } from '../support/tool-call.ts';

let mission: string;
let commands: Commands;

beforeEach(() => {
  mission = realpathSync(mkdtempSync(join(tmpdir(), 'openagent-bash-')));
  commands = makeCommands({ PATH: process.env.PATH, HOME: mission, JWT_SECRET: 'ours', ANTHROPIC_API_KEY: 'theirs' });
});
afterEach(async () => {
  await commands.endAll(systemClock);
  rmSync(mission, { recursive: true, force: true });
});

const bash = (args: object, more: object = {}) => callAllowed(bashTool(commands), args, situationIn(mission, more));

/** Starts a command, and cancels its turn when it has printed `text`. */
const cancelAt = async (command: string, text: string): Promise<void> => {
  const turn = new AbortController();
  let said = '';
  const live = (more: string) => {
    said += more;
    if (said.includes(text)) turn.abort(new Error('cancelled'));
  };
  const running = callGranting(bashTool(commands), { command }, situationIn(mission, { signal: turn.signal, live }));
  await expect(running).rejects.toThrow('cancelled');
};

test('what a command prints to both outputs comes in the order in which it was printed, and its exit code', async () => {
  const { text, view, title } = await bash({
    command: 'for i in 1 2 3; do echo out $i; echo err $i >&2; done; exit 3',
    description: 'Counts',
  });

  expect(title).toBe('Counts');
  expect(text).toBe('out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n\n[ended with exit code 3]');
  expect(view).toMatchObject({ kind: 'shell', exitCode: 3, isCut: false });
});

test('a command finds its outputs by their names too, reads nothing, and has no terminal', async () => {
  const { text } = await bash({
    command: 'echo a > /dev/stderr; echo b | tee /dev/stdout; cat; test -t 1 || echo none',
  });

  expect(text.split('\n').sort()).toEqual(['a', 'b', 'b', 'none']);
});

test('a command says which signal ended it', async () => {
  expect((await bash({ command: 'kill -SEGV $$' })).text).toBe('(no output)\n\n[was ended by SIGSEGV]');
});

test('a command sees the user and no secret of ours, and asks nobody anything', async () => {
  const { text } = await bash({ command: 'env | sort' });

  expect(text).toContain(`HOME=${mission}`);
  expect(text).toMatch(/^GIT_TERMINAL_PROMPT=0$/m);
  expect(text).toMatch(/^PAGER=cat$/m);
  expect(text).toMatch(/^DEBIAN_FRONTEND=noninteractive$/m);
  expect(text).toMatch(/^LANG=C\.UTF-8$/m);
  expect(text).not.toMatch(/ours|theirs/);
});

test('a command runs where it is told to, and not in a place that is not there', async () => {
  await bash({ command: 'mkdir -p "a b"' });

  expect((await bash({ command: 'pwd', workdir: 'a b' })).text).toBe(join(mission, 'a b'));
  expect(await callGranting(bashTool(commands), { command: 'pwd', workdir: 'c' }, situationIn(mission))).toEqual({
    kind: 'failed',
    text: `${join(mission, 'c')} is no directory, so nothing was run. Name one that is there.`,
  });
});

test('a long output keeps its beginning and end, and all of it is in the file that is named', async () => {
  const { text, view } = await bash({ command: 'seq 1 100000' });
  const path = /all of it is in (\S+)/.exec(text)?.[1] ?? '';

  expect(text).toMatch(/^1\n2\n3\n/);
  expect(text).toMatch(/\n99999\n100000$/);
  expect(text).toContain('of 575.1 KB in 100000 lines');
  expect(Buffer.byteLength(text)).toBeLessThan(50 * 1024);
  expect(text.split('\n').length).toBeLessThan(2000);
  expect(view).toMatchObject({ isCut: true });
  expect(readFileSync(path, 'utf8').split('\n').length).toBe(100_001);
  expect(path.startsWith(join(mission, 'temp'))).toBe(true);
});

test('a line of 1 GB takes neither memory nor disk, and its end is shown', async () => {
  const before = process.memoryUsage.rss();
  const { text } = await bash({ command: 'head -c 1G /dev/zero | tr "\\0" x; echo end' });
  const path = /are in (\S+)/.exec(text)?.[1] ?? '';

  expect(text).toMatch(/x\n?end$/);
  expect(text).toContain('of 1024.0 MB in 1 lines; the first 32.0 MB and the end are in');
  expect(Buffer.byteLength(text)).toBeLessThan(50 * 1024);
  expect(statSync(path).size).toBeLessThan(33 * 1024 * 1024);
  expect(readFileSync(path, 'latin1')).toMatch(/bytes were not kept[\s\S]*xend\n$/);
  expect(process.memoryUsage.rss() - before).toBeLessThan(200 * 1024 * 1024);
});

test('a flood of lines is shown to viewers in pieces, and no line of it is counted wrongly', async () => {
  let said = 0;
  let pieces = 0;
  const live = (text: string) => {
    said += text.length;
    pieces += 1;
  };
  const { text } = await bash({ command: 'yes "a line that is neither short nor long" | head -n 1000000' }, { live });

  expect(text).toContain('in 1000000 lines');
  expect(pieces).toBeGreaterThan(0);
  expect(said / pieces).toBeLessThan(40 * 1024);
});

test('binary output is described and kept', async () => {
  const { text } = await bash({ command: 'head -c 20000 /dev/urandom' });
  const path = /all of it is in (\S+)\]/.exec(text)?.[1] ?? '';

  expect(text).toMatch(/^\[19\.5 KB that are no text/);
  expect(statSync(path).size).toBe(20_000);
});

test('a character that comes in halves is shown whole, and the half of one as a sign', async () => {
  let said = '';
  const live = (text: string) => {
    said += text;
  };
  const command = 'printf "\\xe2"; sleep 0.2; printf "\\x82\\xac|"; sleep 0.2; printf "\\xf0\\x9f"';
  const { text } = await bash({ command }, { live });

  expect(said).toBe('€|\ufffd');
  expect(text).toBe('€|\ufffd');
});

test('a command that gives its outputs away is waited for all the same', async () => {
  expect((await bash({ command: 'echo said; exec >&- 2>&-; sleep 0.2; exit 7' })).text).toBe(
    'said\n\n[ended with exit code 7]',
  );
});

test('a line that is longer than the system takes is told so', async () => {
  const outcome = await callGranting(bashTool(commands), { command: `: ${'x'.repeat(140_000)}` }, situationIn(mission));

  expect(outcome).toMatchObject({ kind: 'failed', text: expect.stringContaining('too long to be started') });
});

test('what a command prints is seen while it runs', async () => {
  await cancelAt('echo first; sleep 1000', 'first');
});

test('a cancelled turn ends what ignores SIGTERM, what left its group and what left its session', async () => {
  const [stubborn, daemon, silent] = [uniqueSeconds(), uniqueSeconds(), uniqueSeconds()];
  // The second is nobody's child, in a session of its own; the third has besides given its pipes away.
  const command = `
    (trap "" TERM; touch 1; exec sleep ${stubborn}) &
    (setsid sh -c 'touch 2; exec sleep ${daemon}' &)
    (setsid sh -c 'touch 3; exec sleep ${silent} >/dev/null 2>&1 </dev/null' >/dev/null 2>&1 &)
    while [ ! -e 1 ] || [ ! -e 2 ] || [ ! -e 3 ]; do sleep 0.05; done
    echo ready; wait`;
  await cancelAt(command, 'ready');

  for (const argument of [stubborn, daemon, silent]) expect(processesWith(argument)).toEqual([]);
});

test('a cancelled turn ends no command of another mission', async () => {
  const other = realpathSync(mkdtempSync(join(tmpdir(), 'openagent-bash-')));
  const mine = uniqueSeconds();
  const theirs = uniqueSeconds();
  const turn = new AbortController();
  let isUp = false;
  const live = () => {
    isUp = true;
  };
  const situation = situationIn(other, { live, signal: turn.signal });
  const running = callGranting(bashTool(commands), { command: `echo up; sleep ${theirs}` }, situation);
  await vi.waitFor(() => expect(isUp).toBe(true));
  await cancelAt(`echo up; sleep ${mine}`, 'up');

  expect(processesWith(mine)).toEqual([]);
  expect(processesWith(theirs)).toHaveLength(1);
  turn.abort(new Error('cancelled'));
  await expect(running).rejects.toThrow('cancelled');
  expect(processesWith(theirs)).toEqual([]);
  rmSync(other, { recursive: true });
});

test('a command whose time is up is ended with all that it started, and says so', async () => {
  const sleeper = uniqueSeconds();
  const timeout = 300;
  const { text, view } = await bash({ command: `sleep ${sleeper} & wait`, timeout });

  expect(text).toContain('[ended after 300 ms');
  expect(view).toMatchObject({ exitCode: null, signal: 'SIGTERM' });
  expect(processesWith(sleeper)).toEqual([]);
});

test('a shell that ends while a child holds its pipes is not waited for, and the child goes on by a name', async () => {
  const sleeper = uniqueSeconds();
  const { text } = await bash({ command: `(echo late; exec sleep ${sleeper}) & echo said` });
  const id = /go on as (bash_\w+)/.exec(text)?.[1];

  expect(text).toContain('said');
  expect(processesWith(sleeper)).toHaveLength(1);
  await callAllowed(bashKillTool(commands), { id }, situationIn(mission));
  expect(processesWith(sleeper)).toEqual([]);
});

test('a command in the background is read piece by piece, filtered, waited for and ended', async () => {
  const sleeper = uniqueSeconds();
  const go = join(mission, 'go');
  const command = `echo up; while [ ! -e ${go} ]; do sleep 0.05; done; printf 'one\\ntwo\\n'; sleep ${sleeper}`;
  const { text, view } = await bash({ command, background: true });
  const id = /background as (bash_\w+)/.exec(text)?.[1];
  const read = (args: object = {}) => callAllowed(bashOutputTool(commands), { id, ...args }, situationIn(mission));

  let said = text;
  while (!said.startsWith('up') && !said.includes(']\nup')) said = (await read({ wait: 60_000 })).text;
  expect(view).toMatchObject({ background: id, exitCode: null });
  expect((await read()).text).toMatch(/runs \(pid .*\(nothing new\)$/s);
  await bash({ command: `touch ${go}` });
  expect((await read({ wait: 60_000, filter: '^t' })).text).toMatch(/\]\ntwo$/);
  expect((await read()).text).toContain('(nothing new)');
  expect((await callAllowed(bashOutputTool(commands), {}, situationIn(mission))).text).toContain(`${id} runs: echo up`);
  expect((await callAllowed(bashKillTool(commands), { id }, situationIn(mission))).text).toContain(
    'was ended by SIGTERM',
  );
  expect(processesWith(sleeper)).toEqual([]);
});

test('a filter that never comes to an end, or is none, is refused and nothing counts as read', async () => {
  const { text } = await bash({ command: 'printf "%060d!" 0 | tr 0 a; sleep 1000', background: true });
  const id = /background as (bash_\w+)/.exec(text)?.[1];
  const command = id ? commands.find(mission, id) : null;
  if (command) command.readTo = 0;
  const read = (filter: string) =>
    callGranting(bashOutputTool(commands), { id, filter, wait: 60_000 }, situationIn(mission));

  expect(await read('^(a+)+$')).toMatchObject({ kind: 'failed', text: expect.stringContaining('timed out') });
  expect(await read('(')).toMatchObject({ kind: 'failed', text: expect.stringContaining('Unterminated group') });
  expect(await read('a')).toMatchObject({ kind: 'done', text: expect.stringContaining('aaa!') });
});

test('the end of a mission ends what it has in the background, and nothing of another', async () => {
  const [mine, theirs] = [uniqueSeconds(), uniqueSeconds()];
  const other = join(mission, 'other');
  await bash({ command: `mkdir other; sleep ${mine}`, background: true });
  await callAllowed(bashTool(commands), { command: `sleep ${theirs}`, background: true }, situationIn(other));
  await vi.waitFor(() => expect(processesWith(theirs)).toHaveLength(1));
  await commands.endMission(mission, systemClock);

  expect(processesWith(mine)).toEqual([]);
  expect(processesWith(theirs)).toHaveLength(1);
  expect(commands.of(mission)).toEqual([]);
  await commands.endAll(systemClock);
  expect(processesWith(theirs)).toEqual([]);
});

test('an output that nobody cut leaves no file', async () => {
  await bash({ command: 'echo short' });

  expect(existsSync(join(mission, 'temp'))).toBe(false);
});
