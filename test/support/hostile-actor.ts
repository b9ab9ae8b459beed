// An actor that says what none may, by the `as` of a call: its output is read by hands that must bear it.
import { createInterface } from 'node:readline';
import * as z from 'zod';

const frame = z.object({
  type: z.string(),
  id: z.number().optional(),
  asked: z.object({ args: z.object({ name: z.string().optional() }) }).optional(),
  work: z.object({ directory: z.string(), args: z.object({ as: z.string().optional() }) }).optional(),
});

/** What it says of an act on files, by the name that is put; the bytes that come with it are no lines for it. */
const ofFiles = (id: number, name: string | undefined): void => {
  const piece = Buffer.alloc(64 * 1024);
  const bytes = (): void => {
    write({ type: 'bytes', id, count: piece.length });
    process.stdout.write(piece);
  };
  const answers: Record<string, () => void> = {
    'more bytes than it was granted': () => {
      write({ type: 'reply', id, reply: {} });
      for (let count = 0; count < 40; count++) bytes();
    },
    'a piece of a file that is too large': () => write({ type: 'bytes', id, count: 2 ** 30 }),
    'another reply': () => {
      write({ type: 'reply', id, reply: { path: ['/'], name: 7 } });
      write({ type: 'over', id, failure: null });
    },
    'no reply': () => write({ type: 'over', id, failure: null }),
    'a failure of no kind': () => write({ type: 'over', id, failure: { code: 'root', message: 'no' } }),
    'a reply without an end': () => write({ type: 'reply', id, reply: 'x'.repeat(20 * mebibyte) }),
    "others' bytes": () => {
      for (let other = 1; other < 100; other++) {
        if (other !== id) write({ type: 'over', id: other, failure: null });
      }
      write({ type: 'bytes', id: id + 7, count: 3 });
      process.stdout.write('abc');
      write({ type: 'reply', id, reply: { path: '/a', name: 'a' } });
      write({ type: 'over', id, failure: null });
    },
    'grants without an end': () => {
      process.stdin.pause();
      setInterval(() => undefined, 60_000); // It stays, though it reads nothing.
      write({ type: 'grant', id, bytes: 2 ** 40 });
    },
  };
  answers[name ?? '']?.();
};

const write = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

const mebibyte = 1024 * 1024;

for await (const line of createInterface({ input: process.stdin })) {
  if (!line.startsWith('{')) continue; // Bytes of a file.
  const { type, id = 0, work, asked } = frame.parse(JSON.parse(line));
  if (type === 'files') ofFiles(id, asked?.args.name);
  const view = { kind: 'read', path: 'a', firstLine: 1, lastLine: 1, totalLines: 1, bytes: 1 };
  const done = { kind: 'done', title: 'a title', text: 'a text', view };
  const outcome = (value: unknown): void => write({ type: 'outcome', id, outcome: value });
  const answers: Record<string, () => void> = {
    'no JSON': () => void process.stdout.write('{"type":"outcome","id":1\n'),
    'no frame': () => write({ type: 'grant', id, everything: true }),
    'a line without an end': () => {
      const piece = 'x'.repeat(mebibyte);
      for (let count = 0; count < 20; count++) process.stdout.write(piece);
    },
    'an endless piece of live output': () => write({ type: 'live', id, text: 'x'.repeat(mebibyte) }),
    'an id that is no number': () => write({ type: 'outcome', id: 'one', outcome: done }),
    'its own end': () => process.exit(3),
    'an outcome of no kind': () => outcome({ kind: 'granted' }),
    'a text without an end': () => outcome({ ...done, text: 'x'.repeat(mebibyte) }),
    'a view that is too large': () => outcome({ ...done, view: { ...view, path: 'x'.repeat(5_000) } }),
    'an image that is none': () => outcome({ ...done, images: [{ mime: 'text/html', base64: 'PGI+' }] }),
    'an image that is not base64': () => outcome({ ...done, images: [{ mime: 'image/png', base64: '<b>' }] }),
    'asks without end': () =>
      outcome({
        kind: 'asks',
        asks: Array.from({ length: 1_000 }, () => ({ permission: 'bash', patterns: ['a'], always: [], metadata: {} })),
      }),
    "others' ids": () => {
      for (let other = 1; other < 100; other++) {
        if (other === id) continue;
        write({ type: 'live', id: other, text: 'not yours' });
        write({ type: 'outcome', id: other, outcome: done });
      }
      write({ type: 'rest', mayEnd: true });
      outcome(done);
    },
    'its outcome twice': () => {
      outcome(done);
      outcome({ ...done, text: 'another text' });
    },
  };
  answers[work?.args.as ?? '']?.();
}
