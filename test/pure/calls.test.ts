import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { type Replies, type RepliesTo, replyToGroup } from '../../host-agent/calls/replies.ts';
import { type Call, call } from '../../shared/calls/call.ts';
import { allCalls, type DeclaredCall } from '../../shared/calls/calls.ts';
import type { providerCalls } from '../../shared/calls/providers.ts';
import { systemCalls } from '../../shared/calls/system.ts';

const root = join(import.meta.dirname, '..', '..');
const sources = ['shared', 'worker', 'host-agent'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => ({ path: `${folder}/${name}`, text: readFileSync(join(root, folder, name), 'utf8') })),
);

test('every call that is declared anywhere is in the one list, under a name of its own', () => {
  const declared = sources.flatMap(({ path, text }) => [...text.matchAll(/\bcall\(\{/g)].map(() => path));
  const methods = allCalls.map(({ method }) => method);

  expect(declared.filter((path) => !path.startsWith('shared/calls/'))).toEqual([]);
  expect(methods).toHaveLength(declared.length);
  expect(new Set(methods).size).toBe(methods.length);
});

test('a call reaches a server through the one place that compares it with who asks', () => {
  const senders = sources.filter(({ path, text }) => path.startsWith('worker/') && /\bobject\.call\(/.test(text));

  expect(senders.map(({ path }) => path)).toEqual(['worker/hosts/call.ts']);
});

test('who may is decided by the gate and where calls are sent, and nowhere by hand', () => {
  const asking = sources.filter(({ path, text }) => path.startsWith('worker/') && /\b(requireScope|may)\(/.test(text));

  expect(asking.map(({ path }) => path).toSorted()).toEqual([
    // What of a server's files the resolver there may show.
    'worker/files/place.ts',
    'worker/gate.ts',
    // The same for a call, and who works on the server.
    'worker/host/missions/residents.ts',
    // A server is removed for an admin.
    'worker/host/object.ts',
    // What a server keeps for how long is an admin's, as the method has it.
    'worker/host/use-cases.ts',
    'worker/hosts/call.ts',
    // What of a server's machine is shown.
    'worker/hosts/known.ts',
    'worker/principal.ts',
    // What of a provider is shown.
    'worker/routes/providers.ts',
    // Whether rows that are of no mission are shown.
    'worker/routes/stream.ts',
  ]);
});

test('the protocol lists every call with what it does, on what, and who may', () => {
  const text = readFileSync(join(root, 'docs/protocol.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `(\w+\.\w+)` \| (\w+) \| (\w+) \| (\w+) \|$/gm)].map((row) => row.slice(1));

  expect(rows).toEqual(allCalls.map(({ method, does, on, who }) => [method, does, on, who]));
});

test('a call that is not declared, or to which nothing replies, does not compile', () => {
  const stray = call({
    method: 'files.burn',
    does: 'change',
    on: 'file',
    who: 'user',
    args: z.object({}),
    reply: z.object({}),
  });
  // @ts-expect-error: it is in no group.
  const sent: Pick<DeclaredCall, 'method'> = stray;
  // @ts-expect-error: most calls of providers have no reply here.
  const some: RepliesTo<typeof providerCalls> = { list: () => [] };
  // @ts-expect-error: whole groups are missing.
  const none: Replies = {};
  // @ts-expect-error: that is no reply to it.
  const wrong: RepliesTo<typeof systemCalls> = { samples: () => 'fine' };
  // @ts-expect-error: it does not say what it does, on what and who may.
  const bare: Call = { method: 'files.bare', args: z.object({}), reply: z.object({}) };

  expect([sent, some, none, wrong, bare]).toHaveLength(5);
});

test('what comes in and what goes out is checked, and an unknown call says which side to update', async () => {
  const at = { collector: 'c', n: 1 };
  const reply = replyToGroup(systemCalls, { samples: () => ({ at, samples: [], more: 'is left out' }) });

  expect(await reply('system.samples', { after: null })).toEqual({ at, samples: [] });
  await expect(reply('system.samples', { after: 7 })).rejects.toMatchObject({ code: 'bad_request' });
  await expect(reply('system.shutdown', {})).rejects.toThrow('answers no system.shutdown. Update it.');
  const broken = replyToGroup(systemCalls, { samples: () => ({ at: { ...at, n: -1 }, samples: [] }) });
  await expect(broken('system.samples', { after: null })).rejects.toThrow();
});
