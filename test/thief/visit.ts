// A whole visit of the thief: what its agent does, what its accomplice does as a person, and what is left of both.
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { vi } from 'vitest';
import { asks, runs } from '../support/asking-agent.ts';
import { processesWith, uniqueSeconds } from '../support/processes.ts';
import { answered } from '../support/stack.ts';
import { dataOf } from '../support/typed-api.ts';
import { itemsOf, type LootLine, lootIn, marksOfOthers, secretsBelow, secretsIn } from './loot.ts';
import { type Plan, planFor, type Target, thiefFiles } from './target.ts';

export interface Visit {
  directory: string;
  /** How long each of the processes sleeps that it has left running, by the way it was started. */
  sleeps: Record<string, string>;
  /** What its program says of each attempt. */
  lines: LootLine[];
  /** Everything that it got, one text each, of its program and of everything else that was looked at. */
  got: string[];
}

const ways = ['nohup', 'setsid', 'forked', 'nameless', 'deaf', 'daemon', 'elsewhere', 'tmux', 'node'];

/** A mission of mallory's in which the thief does all that it can; at its end the mission is deleted. */
export const visitOf = async (target: Target): Promise<Visit> => {
  const { stack, mallory, secrets } = target;
  const mission = (await dataOf(mallory.api.POST('/api/control/missions', { body: {} }))).id;
  const directory = stack.missionDirectory(mission);
  const sleeps = Object.fromEntries(ways.map((way) => [way, uniqueSeconds()]));
  const plan = planFor(target, directory, sleeps);
  const before = target.intact();
  const told: string[] = [];
  stack.model.onBody((body) => told.push(...secretsIn(secrets, 'what a model was told', body)));
  const readers = [await mallory.stream(), await mallory.stream('?format=delta')];
  const turn = async (lines: string[], title: string): Promise<void> => {
    const stream = await mallory.stream();
    readers.push(stream);
    await mallory.say([...lines, `SAY ${title}`].join('\n'), mission);
    const { name, data } = await stream.until((event) => isEnd(mission, title)(event));
    if (name === 'error') throw new Error(`a turn of the thief failed: ${JSON.stringify(data)}`);
  };
  const got: string[] = [];

  await turn([...putting(thiefFiles(plan)), thief('all')], 'Searched.');
  await turn(hostileCalls(plan, target), 'Called.');
  got.push(...(await answersOwnQuestion(target, mission, directory)));
  got.push(...(await accomplice(target, plan, mission, turn)));
  await turn([endsItsActor(plan), thief('wholePlaces memories')], 'Ended.');
  got.push(...target.harm(before));

  // Whoever looks for its own files among the thief's would do so at its next start, and at its next turn there.
  await stack.restart();
  await turn([thief('survivors')], 'Stays.');
  got.push(...secretsIn(secrets, 'the mission', await eventsOf(target, mission)));
  for (const reader of readers) reader.close();
  got.push(...secretsIn(secrets, 'the streams', JSON.stringify(readers.map(({ events }) => events))));
  got.push(...new Set(told), ...secretsBelow(secrets, directory), ...marksOfOthers(directory));
  const lines = lootIn(directory);
  await deleteMission(target, mission);
  return { directory, lines, sleeps, got: [...itemsOf(lines), ...got] };
};

const eventsOf = async ({ mallory }: Target, mission: string): Promise<string> =>
  (await mallory.call('GET', `/api/control/missions/${mission}/events`)).text;

/** The answer that a turn was to have, or that it has failed. */
const isEnd =
  (mission: string, title: string) =>
  (event: { name: string; data: Record<string, unknown> }): boolean =>
    (event.name === 'error' && event.data.mission_id === mission) ||
    (answered(mission)(event) && (answeredWith(title)(event) || event.data.success === false));

const answeredWith =
  (title: string) =>
  ({ data }: { data: Record<string, unknown> }): boolean =>
    String(data.content).includes(title);

const putting = (files: Record<string, string>): string[] =>
  Object.entries(files).map(([filePath, content]) => `TOOL write ${JSON.stringify({ filePath, content })}`);

/** The thief's own attempts, as a command. */
const thief = (names: string, after = ''): string => runs(`${process.execPath} thief/main.mjs ${names}${after}`);

/**
 * Ends its own actor with a core dump, and then all that it may kill: in a place of its own alone, or it would be the
 * machine's.
 */
const endsItsActor = ({ machine }: Plan): string => {
  const isInPlace = `[ "$(id -u)" -ge 700000 ] && [ "$(readlink /proc/self/ns/pid)" != "${machine}" ]`;
  return runs(`${isInPlace} && { ulimit -c unlimited; kill -SEGV $PPID; sleep 1; kill -KILL -1; }`);
};

/** Tools with arguments that lead elsewhere. */
const hostileCalls = (plan: Plan, { rootHome, victim, openCode, stack }: Target): string[] => {
  const calls: [string, object][] = [
    ...plan.secretFiles.flatMap((filePath): [string, object][] => [
      ['read', { filePath }],
      ['read', { filePath: `../../../../../..${filePath}` }],
    ]),
    ...plan.secretFiles.map((_, index): [string, object] => ['read', { filePath: `linked/${index}` }]),
    ['read', { filePath: '/proc/self/environ' }],
    ['grep', { pattern: 'canary-', path: dirname(plan.secretFiles[0] ?? '/') }],
    ['grep', { pattern: 'canary-|password|credential', path: stack.workingDir }],
    ['glob', { pattern: '**/*.json', path: stack.workingDir }],
    ['bash', { command: 'cat secret.txt *', workdir: rootHome, description: 'Looks there' }],
    ['bash', { command: 'cat secret.txt', workdir: victim.directory, description: 'Looks there' }],
    ['write', { filePath: join(rootHome, 'written.txt'), content: 'The thief was here.' }],
    ['write', { filePath: join(victim.directory, 'written.txt'), content: 'The thief was here.' }],
    ['edit', { filePath: victim.file, oldString: 'canary', newString: 'stolen' }],
    ['apply_patch', { patchText: `*** Begin Patch\n*** Delete File: ${victim.file}\n*** End Patch` }],
    ['webfetch', { url: `${openCode}/config/providers`, format: 'text' }],
    ['webfetch', { url: `${stack.url()}/api/internal/setup`, format: 'text' }],
    ['webfetch', { url: `file://${plan.secretFiles[0]}`, format: 'text' }],
    ['skill', { name: 'stolen' }],
    ['bash_output', {}],
    ['bash_output', { id: 'bash_00000000' }],
  ];
  return calls.map(([name, args]) => `TOOL ${name} ${JSON.stringify(args)}`);
};

/** While a question waits for people, a program of the agent's tries to answer it. What it got: the question gone. */
const answersOwnQuestion = async ({ mallory }: Target, mission: string, directory: string): Promise<string[]> => {
  const stream = await mallory.stream();
  await mallory.say([thief('answers', ' > answers.log 2>&1 &'), asks('May I?'), 'SAY Asked.'].join('\n'), mission);
  // An answer of the thief's may come before anybody is told that one is waited for.
  const isWaiting = ({ name, data }: Parameters<ReturnType<typeof answeredIn>>[0]): boolean =>
    name === 'status' && data.state === 'waiting_for_tool';
  await stream.until((event) => isWaiting(event) || answeredIn(mission)(event));
  await vi.waitFor(() => {
    if (!existsSync(join(directory, 'answers.done'))) throw new Error('the thief still tries to answer');
  });
  const waiting: { id: string; mission_id?: string }[] = (await mallory.call('GET', '/api/control/permissions')).json;
  if (waiting.length === 0) {
    stream.close();
    return ['answers: a question of its own (nobody waits for it any more)'];
  }
  for (const { id } of waiting) await mallory.call('POST', `/api/control/questions/${id}`, { answers: [['Blue']] });
  await stream.until(answeredIn(mission));
  stream.close();
  return [];
};

const answeredIn =
  (mission: string) =>
  (event: { name: string; data: Record<string, unknown> }): boolean =>
    answered(mission)(event) && answeredWith('Asked.')(event);

/** So often a file is fetched that is a link every other moment. */
const fetches = 40;

/** Mallory herself fetches, lists and gives files by the thief's links. */
const accomplice = async (
  { mallory, secrets, rootHome }: Target,
  plan: Plan,
  mission: string,
  turn: (lines: string[], title: string) => Promise<void>,
): Promise<string[]> => {
  const got: string[] = [];
  const fetched = async (path: string): Promise<void> => {
    const { text } = await mallory.call('GET', `/api/fs/download?path=${encodeURIComponent(path)}`);
    got.push(...secretsIn(secrets, `download of ${path}`, text));
  };
  const names = plan.secretFiles.map((file, index) => ({ file, index }));
  const below = `./../mission-${mission.slice(0, 8)}`;
  for (const { file, index } of names) {
    for (const path of [
      file,
      `./linked/${index}`,
      `${plan.directory}/linked/${index}`,
      `${plan.directory}/linked-directories/${index}/${file.split('/').at(-1)}`,
      `${below}/linked/${index}`,
    ]) {
      await fetched(path);
    }
  }
  await turn([thief('swapping', ' > swapping.log 2>&1 &')], 'Swaps.');
  for (let time = 0; time < fetches; time++) await fetched(`${plan.directory}/swapped`);
  writeFileSync(join(plan.directory, 'swapping.stop'), '');
  // Where given files and long outputs are put.
  const elsewhere = ['context', 'temp', 'output'].map((name) => `rm -rf ${name}; ln -s ${rootHome} ${name}`);
  await turn([runs(`${elsewhere.join('; ')}; seq 100000`), runs('seq 100000')], 'Linked.');
  const linked = `${plan.directory}/linked-directories/0/`;
  for (const place of [linked, `${rootHome}/`, './linked-directories/0/', './context/', './temp/']) {
    const form = new FormData();
    form.append('file', new Blob(['The thief was here.']), 'given.txt');
    await mallory.send('POST', `/api/fs/upload?path=${encodeURIComponent(place)}`, form);
    await mallory.call('POST', '/api/fs/mkdir', { path: `${place}made` });
    await mallory.call('POST', '/api/fs/rm', { path: `${place}secret.txt` });
  }
  return got;
};

const deleteMission = async ({ mallory }: Target, mission: string): Promise<void> => {
  await dataOf(mallory.api.DELETE('/api/control/missions/{id}', { params: { path: { id: mission } } }));
};

/** Processes that sleep as long as the thief has told them to. */
export const stillThere = (sleeps: Record<string, string>): string[] =>
  Object.entries(sleeps).flatMap(([way, seconds]) => (processesWith(seconds).length > 0 ? [way] : []));
