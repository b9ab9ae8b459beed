// What agents' commands print, from the real hands to the link, and what is left of it where they are cancelled or die.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { MissionId } from '../../shared/ids.ts';
import { runs } from '../support/asking-agent.ts';
import { startLab } from '../support/lab.ts';
import type { MissionHost } from '../support/mission-host.ts';
import { optionsFor, say, startHost } from '../support/mission-lab.ts';
import { patience } from '../support/patience.ts';

let lab: Awaited<ReturnType<typeof startLab>>;
const secret = 'a-key-of-a-provider';
const secrets = mkdtempSync(join(tmpdir(), 'secrets-'));

beforeAll(async () => {
  const file = join(secrets, 'auth.json');
  writeFileSync(file, JSON.stringify({ lab: { type: 'api', key: secret } }));
  lab = await startLab({ secretFiles: [file] });
});
afterAll(async () => {
  await lab.close();
  rmSync(secrets, { recursive: true, force: true });
});

/** What the link was given of a mission's calls, and where it was told that a call has ended. */
const given = (host: MissionHost): string =>
  host.outputs.map((each) => ('text' in each ? each.text : '[end]')).join('');
const untilGiven = (host: MissionHost, text: string): Promise<void> =>
  vi.waitFor(() => expect(given(host)).toContain(text), patience);

const resultOf = async (host: MissionHost, mission: MissionId) => {
  const { result, failed, view, tool_call_id } = await host.event('tool.result', mission);
  return { text: JSON.stringify(result), failed, view, call: tool_call_id };
};

/**
 * What the hands told OpenCode until now it has read. What comes at the very instant of their end its `fetch` may throw
 * away.
 */
const heardByOpenCode = async (): Promise<void> => {
  for (let times = 0; times < 3; times++) await lab.call('GET', '/global/health');
};

/** A line that prints its words, then waits for somebody to make a file `go`. */
const stays = (...printed: string[]): string =>
  `${printed.map((each) => `echo ${each}`).join('; ')}; until [ -e go ]; do sleep 0.05; done; echo went on`;

const go = (options: { dir: string }, mission: MissionId): void =>
  writeFileSync(join(options.dir, 'workspaces', `mission-${mission.slice(0, 8)}`, 'go'), '');

test('what a command prints is there while it runs, under the id of its call; its result has how it can be drawn', async () => {
  const options = optionsFor(lab.openCode);
  const host = startHost(options);
  const command = say(`${runs(stays('one', 'two'))}\nSAY Over.`);
  host.give(command);
  host.dispatch.welcome();
  const { tool_call_id: call } = await host.event('tool.called', command.mission);

  await untilGiven(host, 'one\ntwo\n');
  expect(host.events(command.mission).map(({ type }) => type)).not.toContain('tool.result');
  go(options, command.mission);

  const result = await resultOf(host, command.mission);
  await host.ended(command.id);
  expect(result).toMatchObject({ failed: false, call, view: { kind: 'shell', exitCode: 0 } });
  expect(given(host)).toMatch(/^one\ntwo\n(went on\n)?\[end\]$/);
  expect(host.outputs.map((each) => each.call)).toEqual(host.outputs.map(() => call));
  expect(host.outputs.flatMap((each) => ('off' in each ? each.off : []))[0]).toBe(0);
});

test('a quick command is shown before its result, whichever is heard of first', async () => {
  const host = startHost(optionsFor(lab.openCode));
  const commands = Array.from({ length: 5 }, (_, nth) => `${runs(`echo quick ${nth}`)}`);
  const command = say(`${commands.join('\n')}\nSAY Over.`);
  host.give(command);
  host.dispatch.welcome();
  await host.ended(command.id);

  // A call may be over before the hands are heard; what is heard is in its place.
  const seen = given(host).replaceAll(/quick (\d)\n/g, '$1');
  expect(seen).toMatch(/^0?\[end\]1?\[end\]2?\[end\]3?\[end\]4?\[end\]$/);
});

test('a host-agent that comes in the middle goes on where the one before was', async () => {
  const options = optionsFor(lab.openCode);
  const first = startHost(options);
  const command = say(`${runs(stays('before'))}\nSAY Over.`);
  first.give(command);
  first.dispatch.welcome();
  await untilGiven(first, 'before\n');
  await first.drop();

  const second = startHost(options);
  second.dispatch.welcome();
  await untilGiven(second, 'before\n');
  go(options, command.mission);
  await second.ended(command.id);

  const offs = second.outputs.flatMap((each) => ('off' in each ? [each.off] : []));
  expect(offs).toEqual(offs.toSorted((a, b) => a - b));
  expect(offs[0]).toBe(0);
});

test('what a cancelled command had printed is its result, and the model reads it with the next message', async () => {
  const host = startHost(optionsFor(lab.openCode));
  const command = say(`${runs(stays('printed-until-the-cancel'))}\nSAY Never.`);
  host.give(command);
  host.dispatch.welcome();
  await untilGiven(host, 'printed-until-the-cancel\n');
  await heardByOpenCode();

  host.cancel(command);

  expect(await host.ended(command.id)).toMatchObject({ outcome: 'cancelled' });
  const { text, failed, view } = await resultOf(host, command.mission);
  expect(text).toMatch(/^\{"error":"printed-until-the-cancel\\n\\n\[bash was cancelled while it ran/);
  expect([failed, view]).toEqual([true, expect.objectContaining({ kind: 'shell', exitCode: null })]);
  const next = say('SAY And now?', { mission: command.mission });
  host.give(next);
  await host.ended(next.id);
  expect(lab.model.requests.at(-1)?.toolTexts.join()).toContain('printed-until-the-cancel\n\n[bash was cancelled');
});

test('a command that had printed nothing is said to be aborted, as ever', async () => {
  const host = startHost(optionsFor(lab.openCode));
  const command = say(`${runs('touch begun; sleep 1000')}\nSAY Never.`);
  host.give(command);
  host.dispatch.welcome();
  await host.event('tool.called', command.mission);

  host.cancel(command);

  expect(await host.ended(command.id)).toMatchObject({ outcome: 'cancelled' });
  expect(await resultOf(host, command.mission)).toMatchObject({
    text: '{"error":"Tool execution aborted"}',
    failed: true,
  });
});

test('what a command had printed whose actor is killed stands behind the reason', async () => {
  const host = startHost(optionsFor(lab.openCode));
  const command = say(`${runs(stays('printed-until-death'))}\nSAY On.`);
  host.give(command);
  host.dispatch.welcome();
  await untilGiven(host, 'printed-until-death\n');
  await heardByOpenCode();

  process.kill(lab.hands?.actor() ?? Number.NaN, 'SIGKILL');

  expect(await host.ended(command.id)).toMatchObject({ outcome: 'completed' });
  expect((await resultOf(host, command.mission)).text).toMatch(
    /ended .* It had printed until then:\\nprinted-until-death"\}$|It had printed until then:\\nprinted-until-death/,
  );
});

test('a secret that is printed in two pieces reaches neither viewers nor the model, also of a cancelled command', async () => {
  const host = startHost(optionsFor(lab.openCode));
  const halves = `printf %s ${secret.slice(0, 5)}; sleep 0.3; printf '%s\\n' ${secret.slice(5)}`;
  const command = say(`${runs(`${halves}; echo behind it; sleep 1000`)}\nSAY Never.`);
  host.give(command);
  host.dispatch.welcome();
  await untilGiven(host, 'behind it\n');
  await heardByOpenCode();
  host.cancel(command);
  await host.ended(command.id);

  expect(given(host)).toMatch(/^\[secret\]\nbehind it\n/);
  // What came within a moment before the cancel the model may not have.
  expect((await resultOf(host, command.mission)).text).toMatch(
    /^\{"error":"\[secret\]\\n(behind it\\n)?\\n\[bash was /,
  );
});

// The last: the hands of the file are gone then.
test('what a command had printed whose hands are killed stands behind the reason', async () => {
  const host = startHost(optionsFor(lab.openCode));
  const command = say(`${runs(stays('printed-until-the-end'))}\nSAY On.`);
  host.give(command);
  host.dispatch.welcome();
  await untilGiven(host, 'printed-until-the-end\n');

  await heardByOpenCode();
  await lab.hands?.kill();

  expect(await host.ended(command.id)).toMatchObject({ outcome: 'completed' });
  const { text } = await resultOf(host, command.mission);
  expect(text).toMatch(/ended in the middle of this call.*It had printed until then:\\nprinted-until-the-end/);
});
