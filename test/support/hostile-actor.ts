// An actor that says what none may, by the `as` of a call: its output is read by hands that must bear it.
import { createInterface } from 'node:readline';
import * as z from 'zod';

const frame = z.object({
  type: z.string(),
  id: z.number().optional(),
  work: z.object({ directory: z.string(), args: z.object({ as: z.string().optional() }) }).optional(),
});

const write = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

const mebibyte = 1024 * 1024;

for await (const line of createInterface({ input: process.stdin })) {
  const { id = 0, work } = frame.parse(JSON.parse(line));
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
