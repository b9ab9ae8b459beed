// What a person's message names, put in by the hands: commands of the project, and files by @. Real OpenCode.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryDirectory } from '../support/host-store.ts';
import { startLab } from '../support/lab.ts';
import { optionsFor, say, startHost, texts } from '../support/mission-lab.ts';

let lab: Awaited<ReturnType<typeof startLab>>;
beforeAll(async () => {
  const command = { hello: { template: 'SAY Hello $2 and $1, from everywhere.' } };
  const agent = { thinker: { mode: 'primary', description: 'Thinks', prompt: 'You only think.' } };
  lab = await startLab({ config: { command, agent } });
});
afterAll(() => lab.close());

/** A mission that has begun, with these files in it. */
const begun = async (files: Record<string, string> = {}) => {
  const options = optionsFor(lab.openCode);
  const host = startHost(options);
  const first = say('SAY Begun.');
  const { mission } = first;
  const directory = join(options.dir, 'workspaces', `mission-${mission.slice(0, 8)}`);
  host.give(first);
  host.dispatch.welcome();
  await host.ended(first.id);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  /** What the model was asked, and answered. */
  const send = async (text: string) => {
    const command = say(text, { mission });
    host.give(command);
    const { outcome } = await host.ended(command.id);
    return { outcome, asked: lab.model.requests.at(-1)?.userText ?? '', answer: texts(host, mission).at(-1) };
  };
  return { directory, send };
};

test('a command of the project is what its file says, with what follows it', async () => {
  const { send } = await begun({
    '.opencode/command/git/tidy.md': '---\ndescription: Tidies\n---\nSAY Tidying $ARGUMENTS now.\n',
  });

  expect(await send('/git/tidy the attic')).toMatchObject({ outcome: 'completed', answer: 'Tidying the attic now.' });
});

test('a command of OpenCode’s own configuration works, and the project’s comes first', async () => {
  const { send } = await begun();
  const { send: sendThere } = await begun({ '.opencode/commands/hello.md': 'SAY From the project.' });

  expect((await send('/hello Ada "Bob and Cy"')).answer).toBe('Hello Bob and Cy and Ada, from everywhere.');
  expect((await sendThere('/hello Ada')).asked).toBe('SAY From the project.\n\nAda');
});

test('a line for the shell in a command is run by nobody but the agent', async () => {
  const marker = join(temporaryDirectory(), 'ran');
  const { send } = await begun({ '.opencode/command/look.md': `Look at this: !\`touch ${marker}\`` });

  const { asked } = await send('/look');

  expect(asked).toContain(`run \`touch ${marker}\` with bash`);
  expect(existsSync(marker)).toBe(false);
});

test('a command is worked on by the agent and the model that it names', async () => {
  const { send } = await begun({
    '.opencode/command/think.md': '---\nagent: thinker\nmodel: lab/eyes\n---\nSAY Thought.',
    '.opencode/opencode.jsonc': '{ "command": { "ask": { "template": "SAY $1", "agent": "nobody" } } }',
  });

  expect((await send('/think')).answer).toBe('Thought.');
  expect(lab.model.requests.at(-1)?.model).toBe('eyes');
  expect(lab.model.requests.at(-1)?.system).toContain('You only think.');
  expect((await send('SAY Again.')).answer).toBe('Again.');
  expect(lab.model.requests.at(-1)).toMatchObject({ model: 'm1', system: expect.not.stringContaining('only think') });
  expect((await send('/ask it')).outcome).toBe('failed');
});

test('what is no command stays as it was written', async () => {
  const { send } = await begun();

  expect((await send('/etc/hosts is broken')).asked).toBe('/etc/hosts is broken');
});

test('files that a message names by @ come with it, and nothing from outside of the mission', async () => {
  const outside = join(temporaryDirectory(), 'secret.txt');
  writeFileSync(outside, 'This is kept from the agent.');
  const { send, directory } = await begun({ 'src/a.ts': 'const a = 1;', 'src/b.ts': 'const b = 2;' });

  const { asked } = await send(`Compare @src/a.ts, @src, @gone.ts and @${outside}. Mail a@src/b.ts about it.`);

  expect(asked.startsWith(`Compare @src/a.ts, @src, @gone.ts and @${outside}.`)).toBe(true);
  expect(asked).toContain(`names src/a.ts in this message`);
  expect(asked).toContain('1: const a = 1;');
  expect(asked).toContain(`<path>${directory}/src</path>`);
  expect(asked).not.toContain('const b = 2;');
  expect(asked).not.toContain('kept from the agent');
});
