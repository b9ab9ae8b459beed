// The HTTP side under fire: whatever is asked, the answer is a sentence and never our own failure.
import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkAnswer } from '../support/declared-answer.ts';
import { eventMs } from '../support/patience.ts';
import { randomFrom } from '../support/random.ts';
import { requests, seed, timeoutMs } from './budget.ts';
import { type EdgeProcess, startEdge } from './edge-process.ts';
import { type HttpShot, httpShot, routesToTry } from './requests.ts';
import { Tally } from './tally.ts';
import { call, goodHost, type Person, seen, worksExactly, write } from './witness.ts';

let edge: EdgeProcess;
let person: Person;

beforeAll(async () => {
  edge = await startEdge();
  person = { url: edge.url, owner: 'default', headers: await edge.login() };
});

afterAll(() => edge?.close());

interface Answer {
  status: number;
  type: string;
  text: string;
}

/** By Node's own client, which sends paths as they are. */
const ask = ({ method, path, headers, body }: HttpShot): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(edge.url);
    const length = body === null ? {} : { 'content-length': String(body.byteLength) };
    const asked = request({ hostname, port, method, path, headers: { ...headers, ...length } }, (response) => {
      const type = response.headers['content-type'] ?? '';
      let text = '';
      const answered = (): void => {
        asked.destroy();
        resolve({ status: response.statusCode ?? 0, type, text });
      };
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
        if (type === 'text/event-stream' && text.includes('keepalive')) answered();
      });
      response.once('end', answered);
      response.once('error', reject);
    });
    asked.once('upgrade', () => reject(new Error('an upgrade')));
    asked.once('error', reject);
    asked.setTimeout(eventMs, () => asked.destroy(new Error('no answer')));
    asked.end(body ?? undefined);
  });

/** What the edge's log says of a failure that a client was told a reference of. */
const causeOf = (text: string): string => {
  const ref = /\(ref (\w+)\)/.exec(text)?.[1];
  return (
    edge
      .log()
      .split('\n')
      .find((line) => ref && line.includes(ref)) ?? text
  );
};

test(`${requests} hostile requests are all answered (seed ${seed})`, { timeout: timeoutMs }, async () => {
  const random = randomFrom(seed);
  const routes = routesToTry();
  const host = await edge.enrol();
  const good = await goodHost(edge, host);
  const own = await write(person, good, host, 10);
  const known = await seen(person, own);
  good.dial.leave();
  const created = (await call(person, 'POST', '/missions', { title: 'in the way' })) as { id: string };

  const tally = new Tally();
  for (let asked = 0; asked < requests; asked++) {
    const shot = httpShot(random, routes, [created.id, host.workspaceId], person.headers);
    const told = `${shot.method} ${shot.path.slice(0, 200)} ${shot.body?.subarray(0, 200) ?? ''}`;
    const { status, type, text } = await ask(shot).catch((cause: unknown) => {
      throw new Error(`${told} was not answered`, { cause });
    });
    tally.add(String(status));
    // 503: a server is away, which is true of this one.
    if (status >= 500 && status !== 503) throw new Error(`${status} for ${told}: ${causeOf(text)}`);
    checkAnswer(shot.method, shot.path, { status, type, text });
    if (status >= 400 && status !== 404 && shot.method !== 'HEAD') expect(text, `${status} for ${told}`).not.toBe('');
  }

  console.log(`requests by status: ${tally}`);
  expect(edge.exit()).toBeNull();
  expect(await seen(person, own)).toEqual(known);
  await worksExactly(edge, person, host);
});
