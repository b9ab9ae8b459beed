import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answered, type Person, type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
let me: Person;

beforeAll(async () => {
  stack = await startStack();
  me = await stack.person();
});
afterAll(() => stack.close());

const mebibyte = 1024 * 1024;
/** One red pixel. */
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

const send = (path: string, filename: string, content: Uint8Array<ArrayBuffer>) => {
  const body = new FormData();
  body.append('file', new File([content], filename));
  return me.send('POST', path, body);
};

const newMission = async (body: object = {}): Promise<string> =>
  (await me.call('POST', '/api/control/missions', body)).json.id;

test('files sent whole and in pieces land where the agent finds them by name, and it reads one', async () => {
  const mission = await newMission();
  const whole = await send(
    '/api/fs/upload?path=./context/',
    'notes ü.txt',
    Buffer.from('the secret word is marmalade'),
  );
  expect(whole.json).toEqual({
    ok: true,
    path: join(stack.workingDir, 'context', mission, 'notes ü.txt'),
    name: 'notes ü.txt',
  });

  const pieces = [5, 5, 2].map((mebibytes, n) => Buffer.alloc(mebibytes * mebibyte, n + 1));
  for (const [index, piece] of pieces.entries()) {
    const query = `path=./context/&upload_id=big.bin-1-1&chunk_index=${index}&total_chunks=3`;
    const answer = await send(`/api/fs/upload-chunk?${query}`, 'blob', piece);
    expect(answer.json).toEqual({ ok: true, chunk_index: index, total_chunks: 3 });
  }
  const finish = { path: './context/', upload_id: 'big.bin-1-1', file_name: 'big.bin', total_chunks: 3 };
  const finished = await me.call('POST', '/api/fs/upload-finalize', finish);
  expect(finished.json).toEqual({ ok: true, path: './context/', name: 'big.bin' });
  const stored = readFileSync(join(stack.workingDir, 'context', mission, 'big.bin'));
  expect(Buffer.concat(pieces).equals(stored)).toBe(true);

  const stream = await me.stream();
  await me.say(
    '[Uploaded: notes ü.txt] [Uploaded: big.bin] [Uploaded: nothing]\nTOOL read {"filePath":"context/notes ü.txt"}\nSAY Read it.',
    mission,
  );
  await stream.until(answered(mission));
  const seen = stream.events.find(({ name, data }) => name === 'user_message' && data.mission_id === mission);
  stream.close();
  // What the person wrote is what is shown; the agent is told more.
  expect(String(seen?.data.content).split('\n')[0]).toBe(
    '[Uploaded: notes ü.txt] [Uploaded: big.bin] [Uploaded: nothing]',
  );
  const asked = stack.model.requests.find(({ userText }) => userText.includes('notes ü.txt'));
  expect(asked?.userText).toContain('- ./context/notes ü.txt\n- ./context/big.bin');
  expect(asked?.userText).not.toContain('./context/nothing');
  const events = (await me.call('GET', `/api/control/missions/${mission}/events`)).json;
  const result = events.find(({ event_type }: { event_type: string }) => event_type === 'tool_result');
  expect(result.content).toContain('marmalade');
});

test('an image reaches a model that sees as an image, and another model as a path', async () => {
  for (const [model, images] of [
    ['lab/eyes', [`data:image/png;base64,${png.toString('base64')}`]],
    ['lab/m1', []],
  ] as const) {
    const mission = await newMission({ model_override: model });
    await send('/api/fs/upload?path=./context/', 'pixel.png', png);
    await send('/api/fs/upload?path=./context/', 'no-image.png', Buffer.from('text'));
    const stream = await me.stream();
    await me.say(`[Uploaded: pixel.png] [Uploaded: no-image.png]\nSAY I see ${model}.`, mission);
    await stream.until(answered(mission));
    stream.close();

    const asked = stack.model.requests.find(({ userText }) => userText.includes(`I see ${model}.`));
    expect(asked?.images).toEqual(images);
    expect(asked?.userText).toContain('- ./context/pixel.png\n- ./context/no-image.png');
  }
});

test('what the agent made is downloaded by the path a chat shows, whole and in part', async () => {
  const stream = await me.stream();
  const { mission } = await me.say('TOOL write {"filePath":"output/a b.csv","content":"0123456789"}\nSAY Made.');
  await stream.until(answered(mission));
  stream.close();
  const short = `mission-${mission.slice(0, 8)}`;
  const absolute = join(stack.missionDirectory(mission), 'output', 'a b.csv');

  for (const path of [absolute, `/workspaces/${short}/output/a b.csv`, './output/a b.csv']) {
    const answer = await me.call('GET', `/api/fs/download?path=${encodeURIComponent(path)}`);
    expect([answer.status, answer.text]).toEqual([200, '0123456789']);
  }
  const part = await me.call('GET', `/api/fs/download?path=${encodeURIComponent(absolute)}`, undefined, {
    Range: 'bytes=-3',
  });
  expect([part.status, part.text]).toEqual([206, '789']);
  const state = `${stack.workingDir}/.openagent/secrets.json`;
  expect((await me.call('GET', `/api/fs/download?path=${state}`)).status).toBe(403);
  expect((await me.call('GET', `/api/fs/download?path=./output/none.png`)).status).toBe(404);
});

test('an upload that is cut off leaves nothing, and the same file can be sent again', async () => {
  const mission = await newMission();
  const context = join(stack.workingDir, 'context', mission);
  const names = () => (existsSync(context) ? readdirSync(context) : []);
  const head = '--b\r\nContent-Disposition: form-data; name="f"; filename="cut"\r\n\r\n';
  async function* body() {
    yield Buffer.from(head);
    yield Buffer.alloc(2 * mebibyte);
    await expect.poll(() => names().some((name) => name.endsWith('.part'))).toBe(true);
    throw new Error('unplugged');
  }
  const path = '/api/fs/upload?path=./context/';
  await expect(me.send('POST', path, body(), { 'content-type': 'multipart/form-data; boundary=b' })).rejects.toThrow();

  await expect.poll(names).toEqual([]);
  expect((await send(path, 'cut', Buffer.from('whole'))).json.name).toBe('cut');
});

/** Memory of the processes that carry a file, in MiB; that of the actor is looked at in test/host/place-files. */
const memoryMib = (): number[] =>
  (['edge', 'host-agent', 'hands'] as const).map((role) => {
    const pid = stack.launched().processes()[role]?.pid;
    const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kib) / 1024;
  });

/** Highest memory while something is done, above what it was before. */
const growthMib = async (work: () => Promise<unknown>): Promise<number[]> => {
  const before = memoryMib();
  const highest = [...before];
  const timer = setInterval(() => {
    for (const [n, mib] of memoryMib().entries()) highest[n] = Math.max(highest[n] ?? 0, mib);
  }, 50);
  await work().finally(() => clearInterval(timer));
  return highest.map((mib, n) => mib - (before[n] ?? 0));
};

/**
 * Far below the file, so that what is held of it would show. V8 lets about 64 MiB of dead buffers gather in the edge,
 * however large the file: 5 GiB (LARGE_UPLOAD_MIB=5120) took 102 there and 14 in the host-agent.
 */
const allowedMib = 150;
const largeMib = Number(process.env.LARGE_UPLOAD_MIB ?? 300);

test('a large file goes up and down without being held in memory, and leaves nothing behind', async () => {
  const mission = await newMission();
  const boundary = 'a-boundary';
  const piece = Buffer.alloc(mebibyte, 'x');
  async function* body() {
    yield Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="f"; filename="large"\r\n\r\n`);
    for (let n = 0; n < largeMib; n++) yield piece;
    yield Buffer.from(`\r\n--${boundary}--\r\n`);
  }
  const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` };
  const up = await growthMib(async () => {
    const answer = await me.send('POST', '/api/fs/upload?path=./context/', body(), headers);
    expect(answer.text).toContain('"name":"large"');
  });
  expect(statSync(join(stack.workingDir, 'context', mission, 'large')).size).toBe(largeMib * mebibyte);

  let bytes = 0;
  const down = await growthMib(async () => {
    const response = await me.open('GET', '/api/fs/download?path=./context/large');
    expect(response.headers.get('content-length')).toBe(String(largeMib * mebibyte));
    for await (const chunk of response.body ?? []) bytes += chunk.length;
  });
  expect(bytes).toBe(largeMib * mebibyte);

  console.info(`growth of edge, host-agent and hands in MiB: up ${up.map(Math.round)}, down ${down.map(Math.round)}`);
  for (const mib of [...up, ...down]) expect(mib).toBeLessThan(allowedMib);
  expect(readdirSync(join(stack.workingDir, 'context', mission))).toEqual(['large']);
});
