// An afternoon with Open Agent, as its user types it: everything is real but the language model.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { labConfig } from '../../support/lab.ts';
import { freshWorkingDir, launch } from '../../support/launched.ts';
import { type Model, startModel } from '../../support/model.ts';
import { logIn } from '../../support/person.ts';
import { openShell, type Shell } from './shell.ts';

const password = 'correct horse battery';

/** What the missions are told; the scripted model does what the lines say. */
const messages = {
  asks: [
    'TOOL question {"questions":[{"header":"Colour","question":"Which colour?","options":[{"label":"Red","description":"warm"},{"label":"Blue","description":"cool"}]}]}',
    'SAY Then it will be the colour you chose.',
  ],
  deletes: ['TOOL bash {"command":"rm -rf build","description":"Removes the build"}', 'SAY I leave the build alone.'],
  works: ['SAY I have begun.', 'WAIT the-long-work', 'SAY Now it is done.'],
  reads: ['[Uploaded: wishes.txt]', 'TOOL read {"filePath":"context/wishes.txt"}', 'SAY I have read your wishes.'],
};

const as = (who: 'LAPTOP' | 'PHONE') => `-H "authorization: Bearer $${who}"`;
const json = "-H 'content-type: application/json'";
const messageFile = (mission: string, lines: readonly string[]): string =>
  `cat > message.json <<END\n{"mission_id": "$${mission}", "content": ${JSON.stringify(lines.join('\n')).replaceAll('$', '\\$')}}\nEND`;
/** Waits for words in what the phone has seen; a person would simply look. */
const seen = (words: string): string => `until grep -q '${words}' phone.txt; do sleep 0.1; done`;
const idIn = (answer: string): string => /"id":"([0-9a-f-]{36})"/.exec(answer)?.[1] ?? '';

/** Plays the story and returns it as Markdown. Throws where a command fails or what is waited for does not come. */
export const playStory = async (): Promise<string> => {
  const cwd = mkdtempSync(join(tmpdir(), 'story-'));
  const server = freshWorkingDir();
  const model = await startModel();
  const settings = {
    DASHBOARD_PASSWORD: password,
    MAX_PARALLEL_MISSIONS: '3',
    DEFAULT_MODEL: 'lab/m1',
    OPENCODE_PERMISSIVE: 'false',
    OPENCODE_CONFIG_CONTENT: labConfig(model.url, 'lab-api-key', { permission: { bash: 'ask' } }),
  };
  let system = launch(server.path, settings);
  const url = await system.ready();
  const shell = openShell(cwd, { URL: url });
  try {
    for (const who of ['LAPTOP', 'PHONE']) {
      shell.set(who, ((await logIn(url, { password })).authorization ?? '').replace('Bearer ', ''));
    }
    await watch(shell);
    await threeAtOnce(shell, model);
    await answerFromThePhone(shell);
    await rejectThePermission(shell);
    await cancelTheLongOne(shell);

    shell.tell('Everything is restarted');
    shell.note('Ctrl-C where `npm start` runs ends the edge, the host-agent and OpenCode. Then `npm start` again:');
    system.kill('SIGTERM');
    await system.ended;
    system = launch(server.path, { ...settings, PORT: new URL(url).port });
    await system.ready();
    model.release('the-long-work');
    await resumeIt(shell);
    await uploadAndRead(shell);
    return shell.markdown();
  } finally {
    shell.close();
    system.kill('SIGTERM');
    await system.ended;
    await model.close();
    server.remove();
    rmSync(cwd, { recursive: true });
  }
};

const watch = async (shell: Shell): Promise<void> => {
  shell.tell('Two clients');
  shell.note(
    'Both have logged in by `POST /api/auth/login`: `$LAPTOP` and `$PHONE` are their tokens. The phone watches everything, and goes on watching.',
  );
  shell.leave(`curl -sN $URL/api/control/stream?format=delta ${as('PHONE')} > phone.txt`);
  await shell.type(seen('event: snapshot'));
};

const threeAtOnce = async (shell: Shell, model: Model): Promise<void> => {
  shell.tell('Three missions at once');
  for (const [name, lines] of Object.entries(messages).slice(0, 3)) {
    const mission = name.toUpperCase();
    shell.set(mission, idIn(await shell.type(`curl -sf -X POST $URL/api/control/missions ${as('LAPTOP')}`)));
    shell.note(`That id is \`$${mission}\` from here on.`);
    await shell.type(
      `${messageFile(mission, lines)}\ncurl -sf $URL/api/control/message ${as('LAPTOP')} ${json} -d @message.json`,
    );
  }
  await model.reached('the-long-work');
  await shell.type(`${seen('"kind":"question"')}\n${seen('"kind":"permission"')}`);
  shell.note('All three run; two of them wait for a person.');
  await shell.type(`curl -sf $URL/api/control/running ${as('LAPTOP')}`);
};

const answerFromThePhone = async (shell: Shell): Promise<void> => {
  shell.tell('The question is answered from the second client');
  const asked: { id: string; kind: string; tool_call_id: string }[] = JSON.parse(
    await shell.type(`curl -sf $URL/api/control/permissions ${as('PHONE')}`),
  );
  shell.set('CALL', asked.find(({ kind }) => kind === 'question')?.tool_call_id ?? '');
  shell.set('PERMISSION', asked.find(({ kind }) => kind === 'permission')?.id ?? '');
  await shell.type(
    `curl -sf $URL/api/control/tool_result ${as('PHONE')} ${json} -d "{\\"tool_call_id\\": \\"$CALL\\", \\"name\\": \\"question\\", \\"result\\": {\\"answers\\": [[\\"Blue\\"]]}}"`,
  );
  await shell.type(`${seen('event: request.ended')}\ngrep -A1 'event: request.ended' phone.txt`);
  await ended(shell, 'ASKS', 'completed');
};

const rejectThePermission = async (shell: Shell): Promise<void> => {
  shell.tell('The permission is rejected');
  await shell.type(
    `curl -sf $URL/api/control/permissions/$PERMISSION ${as('LAPTOP')} ${json} -d '{"reply": "reject", "message": "Leave the build alone."}'`,
  );
  await ended(shell, 'DELETES', 'completed');
  await shell.type(`curl -sf "$URL/api/control/missions/$DELETES/events?types=tool_result" ${as('LAPTOP')}`);
};

const cancelTheLongOne = async (shell: Shell): Promise<void> => {
  shell.tell('One is cancelled');
  await shell.type(`curl -sf -X POST $URL/api/control/missions/$WORKS/cancel ${as('LAPTOP')}`);
  await ended(shell, 'WORKS', 'interrupted');
  await shell.type(`curl -sf $URL/api/control/running ${as('LAPTOP')}`);
};

const resumeIt = async (shell: Shell): Promise<void> => {
  shell.note('The tokens are still good, all three missions are there, and nothing runs:');
  const columns = 'sed \'s/},{/},\\n{/g\' | grep -o \'"id":"[^"]*","status":"[^"]*"\'';
  await shell.type(`curl -sf $URL/api/control/missions ${as('LAPTOP')} | ${columns}`);
  shell.tell('The cancelled one is resumed');
  await shell.type(`curl -sf -X POST $URL/api/control/missions/$WORKS/resume ${as('LAPTOP')} | head -c 300`);
  await ended(shell, 'WORKS', 'completed');
};

const uploadAndRead = async (shell: Shell): Promise<void> => {
  shell.tell('A file is uploaded, and the agent reads it');
  await shell.type('echo "Make it blue." > wishes.txt');
  await shell.type(`curl -sf "$URL/api/fs/upload?path=./context/" ${as('LAPTOP')} -F file=@wishes.txt`);
  const mission = 'WORKS';
  await shell.type(
    `${messageFile(mission, messages.reads)}\ncurl -sf $URL/api/control/message ${as('LAPTOP')} ${json} -d @message.json`,
  );
  await shell.type(
    `until curl -sf $URL/api/control/missions/$${mission} ${as('LAPTOP')} | grep -q '"content":"I have read your wishes."'; do sleep 0.1; done`,
  );
  await shell.type(`curl -sf "$URL/api/control/missions/$${mission}/events?types=tool_result" ${as('LAPTOP')}`);
};

const ended = async (shell: Shell, mission: string, status: string): Promise<void> => {
  const get = `curl -sf $URL/api/control/missions/$${mission} ${as('LAPTOP')}`;
  await shell.type(`until ${get} | grep -q '"status":"${status}"'; do sleep 0.1; done\n${get}`);
};
