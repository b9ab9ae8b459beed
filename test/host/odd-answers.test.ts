// What providers send that is no answer, or not a whole one, in a real OpenCode: how often the model is asked, and how
// the turn ends.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { outcomeOf } from '../../shared/events.ts';
import { newMissionId } from '../support/host-store.ts';
import { startLab } from '../support/lab.ts';
import type { HostOptions, MissionHost } from '../support/mission-host.ts';
import { answerOf, optionsFor, say, startHost, texts } from '../support/mission-lab.ts';

let lab: Awaited<ReturnType<typeof startLab>>;
beforeAll(async () => {
  lab = await startLab();
});
afterAll(() => lab.close());

const start = (over: Partial<HostOptions> = {}): MissionHost => startHost(optionsFor(lab.openCode, over));

const callsOf = (content: string) => lab.model.requests.filter(({ userText }) => userText === content);
const callsFor = (content: string): number => callsOf(content).length;
/** Calls that the model has answered, and those that it holds or held until OpenCode took them back. */
const answered = (content: string): number =>
  callsOf(content).filter(({ outcome }) => outcome === 'done' || outcome === 'error').length;
const held = (content: string): number => callsFor(content) - answered(content);
const errorsOf = (host: MissionHost, { mission }: { mission: Parameters<MissionHost['events']>[0] }): string[] =>
  host.events(mission).flatMap((event) => (event.type === 'turn.error' ? [event.message] : []));

/** Runs one message to its end, on a host of its own. */
const run = async (content: string, over: Partial<HostOptions> = {}) => {
  const host = start(over);
  const command = say(content);
  host.give(command);
  host.dispatch.welcome();
  const ended = await host.ended(command.id);
  const answer = answerOf(host, command.mission, ended.answer);
  return { host, command, ended, answer, outcome: outcomeOf(ended), errors: errorsOf(host, command) };
};

/**
 * What the model says again and again, until it holds the next call: so the stop has to come while that one waits, and
 * how often the model has answered does not depend on how fast it comes.
 */
const untilStopped = (answers: number, script: string): string => `HANG ${answers}\n${script}`;

test.each([
  ['a web page', 'RAW 200 text/html "<html><title>Sign in</title>"', /no text, no tool call and no end/],
  ['an empty event stream', 'RAW 200 text/event-stream', /no text, no tool call and no end/],
  ['a stream with nothing but its end', 'RAW 200 text/event-stream "data: [DONE]\\n\\n"', /no text, no tool call/],
  ['no body at all', 'RAW 204 text/plain', /no text, no tool call and no end/],
  ['other JSON', 'RAW 200 application/json "{\\"error\\":{\\"message\\":\\"nope\\"}}"', /no text, no tool call/],
  ['thoughts without an end', 'REASON Hm.\nEND none', /thoughts only/],
  ['the end of a tool call, and none', 'END tool_calls', /says that it calls a tool/],
])('%s, again and again: the turn is stopped and says what came and what to check', async (_what, says, came) => {
  const script = untilStopped(3, says);
  const { ended, outcome, answer, errors } = await run(script);

  expect(outcome).toBe('blocked');
  expect(ended.text).toMatch(came);
  expect(ended.text).toMatch(/lab\/m1 sent 3 answers in a row.*base URL.*proxy.*model/);
  expect(answer).toBe('');
  expect(errors).toEqual([expect.stringMatching(came)]);
  expect(answered(script)).toBe(3);
  expect(held(script)).toBeLessThanOrEqual(1);
});

test.each([
  ['without any reason for its end', 'END none'],
  ['with a reason of its own', 'END eos_token'],
])('text %s, again and again: the turn is stopped, and the text is its answer', async (_what, end) => {
  const script = untilStopped(3, `SAY Hello there.\n${end}`);
  const { ended, outcome, answer, errors } = await run(script);

  expect(outcome).toBe('blocked');
  expect(answer).toBe('Hello there.');
  expect(ended.text).toMatch(/sent 3 answers in a row, and the last has text, but no end/);
  expect(errors).toEqual([expect.stringMatching(/has text, but no end .*OpenCode asks it again/)]);
  expect(answered(script)).toBe(3);
  expect(held(script)).toBeLessThanOrEqual(1);
});

test('a model that never pauses is stopped too', async () => {
  const { ended, outcome } = await run('RAW 200 text/html "<html>on and on"');

  expect(outcome).toBe('blocked');
  expect(Number(/sent (\d+) answers in a row/.exec(ended.text)?.[1])).toBeGreaterThanOrEqual(3);
});

test('the first such answer is said at once, and an agent that finds its way goes on', async () => {
  const script = 'RAW 200 text/html "<html>" 2\nSAY Back again.';
  const { outcome, answer, errors } = await run(script);

  expect(outcome).toBe('completed');
  expect(answer).toBe('Back again.');
  expect(errors).toHaveLength(1);
  expect(callsFor(script)).toBe(3);
});

test('STOP_AFTER_REPEATS is how many; with 0 OpenCode asks on', async () => {
  const only = untilStopped(1, 'RAW 200 text/html "<html>one"');
  const one = await run(only, { stopAfterRepeats: 1 });
  expect(one.ended.text).toMatch(/sent 1 answer,/);
  expect(answered(only)).toBe(1);

  const script = 'RAW 200 text/html "<html>never" 12\nSAY At last.';
  const never = await run(script, { stopAfterRepeats: 0 });
  expect(never).toMatchObject({ outcome: 'completed', answer: 'At last.' });
  expect(callsFor(script)).toBe(13);
});

test('a host-agent that comes back goes on counting, and stops the turn without another three answers', async () => {
  const options = optionsFor(lab.openCode, { stopAfterRepeats: 0 });
  const command = say('RAW 200 text/html "<html>restart"');
  const first = startHost(options);
  first.give(command);
  first.dispatch.welcome();
  await lab.model.asked(() => callsFor(command.args.content) >= 6);
  await first.drop();

  const second = startHost({ ...options, stopAfterRepeats: 3 });
  second.dispatch.welcome();
  const ended = await second.ended(command.id);

  expect(outcomeOf(ended)).toBe('blocked');
  const [, count = '0'] = /sent (\d+) answers in a row/.exec(ended.text) ?? [];
  expect(Number(count)).toBeGreaterThanOrEqual(4);
  expect(errorsOf(second, command)).toHaveLength(1);
});

test('a sub-agent whose model never ends stops the turn that waits for it', async () => {
  const child = untilStopped(3, 'RAW 200 text/html "<html>child"');
  const args = { description: 'look', prompt: child, subagent_type: 'general' };
  const { outcome, ended, errors } = await run(`SAY I ask.\nTOOL task ${JSON.stringify(args)}\nSAY Never said.`);

  expect(outcome).toBe('blocked');
  expect(ended.text).toMatch(/a sub-agent's model lab\/m1 sent 3 answers in a row/);
  expect(errors).toEqual([expect.stringMatching(/^A sub-agent's model/)]);
  expect(answered(child)).toBe(3);
  expect(held(child)).toBeLessThanOrEqual(1);
});

test.each([
  ['nothing', 'END stop', '', /^The model's answer was empty/],
  ['white space', 'CHUNKS ["  \\n "]', '', /^The model's answer was empty/],
  ['thoughts alone', 'REASON Let me think.\nEND stop', '', /after thinking, without saying anything/],
  [
    'a text that its token limit cut',
    'SAY Half an ans\nEND length',
    'Half an ans',
    /cut off by the model's token limit/,
  ],
  [
    'nothing before its token limit',
    'REASON Hm.\nEND length',
    '',
    /before it said anything, by the model's token limit/,
  ],
  [
    'a text that a content filter cut',
    'SAY Half\nEND content_filter',
    'Half',
    /cut off by the provider's content filter/,
  ],
  ['nothing after a tool call', 'TOOL todoread {}\nEND stop\nEND stop', '', /^The model's answer was empty/],
])('an answer of %s is none: the turn is blocked and says why', async (_what, script, answer, why) => {
  const { outcome, ended, answer: said } = await run(script);

  expect(outcome).toBe('blocked');
  expect(said).toBe(answer);
  expect(ended.text).toMatch(why);
});

test('a tool call that ended with `stop` is answered: the model sees its result and ends the turn', async () => {
  const script = 'TOOL bash {"command":"echo hi","description":"x"}\nEND stop\nSAY It said hi.';
  const { outcome, answer, host, command, errors } = await run(script);

  expect(outcome).toBe('completed');
  expect(answer).toBe('It said hi.');
  expect(errors).toEqual([]);
  expect(texts(host, command.mission)).toEqual(['It said hi.']);
  expect(callsFor(script)).toBe(2);
});

test('a message after a blocked turn goes on in its session', async () => {
  const host = start();
  const mission = newMissionId();
  const [first, second] = [say('SAY Half\nEND length', { mission }), say('SAY And the rest.', { mission })];
  host.give(first, second);
  host.dispatch.welcome();

  expect(outcomeOf(await host.ended(first.id))).toBe('blocked');
  const ended = await host.ended(second.id);
  expect([outcomeOf(ended), answerOf(host, mission, ended.answer)]).toEqual(['completed', 'And the rest.']);
});

test('a pause before a retry says when it ends', async () => {
  const host = start();
  const command = say('ERROR 429 1 3600000\nSAY Never.');
  host.give(command);
  host.dispatch.welcome();

  expect((await host.event('turn.error', command.mission)).message).toMatch(/\(it tries again in 1 hour\)$/);
  host.cancel(command);
  expect(outcomeOf(await host.ended(command.id))).toBe('cancelled');
  expect(errorsOf(host, command)).toHaveLength(1);
});
