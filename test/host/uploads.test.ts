import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { withFileErrors } from '../../host-agent/files/errors.ts';
import { filesHere } from '../../host-agent/files/here.ts';
import { takeFirstPart } from '../../host-agent/files/multipart.ts';
import { safeName } from '../../host-agent/files/names.ts';
import { sweepUploads } from '../../host-agent/files/sweep-uploads.ts';
import { joinPieces, takePiece } from '../../host-agent/files/uploads.ts';
import { AppError } from '../../shared/errors.ts';
import { newMissionId, temporaryDirectory } from '../support/host-store.ts';
import { noMount, unless } from '../support/needs.ts';

const boundary = 'xXx-boundary-xXx';
const type = `multipart/form-data; boundary=${boundary}`;

/** A multipart body as a browser makes it, in pieces of so many bytes. */
async function* body(
  parts: { name?: string; filename?: string; content: string }[],
  { cutBytes = 0, pieceBytes = 7 } = {},
) {
  const text = parts
    .map(({ name = 'file', filename, content }) => {
      const disposition = `form-data; name="${name}"${filename === undefined ? '' : `; filename="${filename}"`}`;
      return `--${boundary}\r\nContent-Disposition: ${disposition}\r\n\r\n${content}\r\n`;
    })
    .join('');
  const bytes = Buffer.from(`${text}--${boundary}--\r\n`);
  const end = bytes.length - cutBytes;
  for (let at = 0; at < end; at += pieceBytes) yield bytes.subarray(at, Math.min(at + pieceBytes, end));
}

const placeOfUploads = (workingDir = realpathSync(temporaryDirectory())) => {
  const stateDir = join(workingDir, '.openagent');
  const files = filesHere({ workingDir, stateDir }, async () => undefined);
  const uploads = join(stateDir, 'uploads');
  const mission = newMissionId();
  const scope = { current: mission, missions: [mission], everything: false };
  const context = join(workingDir, 'context', mission);
  return {
    uploads,
    context,
    take: (content: AsyncIterable<Uint8Array>, contentType = type, path = './context/') =>
      takeFirstPart(content, contentType, (bytes, name) => files.put({ scope, path, name }, bytes)),
    piece: (upload: string, index: number, total: number, content: AsyncIterable<Uint8Array>, owner = 'ada') =>
      withFileErrors('./context/', () =>
        takePiece(uploads, { owner, path: './context/', upload }, { index, total }, content, type),
      ),
    join: (upload: string, total: number, name: string, owner = 'ada') =>
      joinPieces(uploads, { owner, path: './context/', upload }, total, (bytes) =>
        files.put({ scope, path: './context/', name }, bytes),
      ),
    left: () => namesIn(uploads),
  };
};

const namesIn = (directory: string): string[] => (existsSync(directory) ? readdirSync(directory) : []);

const refusal = (work: Promise<unknown>) =>
  work.then(
    () => 'allowed',
    ({ code }: { code: string }) => code,
  );

test('the first field lands under its file name, whatever it is called, and the others are dropped', async () => {
  const { take, context, left } = placeOfUploads();

  const stored = await take(
    body([{ name: 'whatever', filename: 'a b+ü.txt', content: 'first' }, { content: 'second' }]),
  );
  const bare = await take(body([{ name: 'text', content: 'without a file name' }]));
  await take(body([{ filename: 'empty', content: '' }]));

  expect(stored).toEqual({ path: join(context, 'a b+ü.txt'), name: 'a b+ü.txt' });
  expect(readFileSync(stored.path, 'utf8')).toBe('first');
  expect(bare.name).toBe('upload.bin');
  expect(readFileSync(bare.path, 'utf8')).toBe('without a file name');
  expect(readdirSync(context).toSorted()).toEqual(['a b+ü.txt', 'empty', 'upload.bin']);
  expect(left()).toEqual([]);
});

test('a file of the same name is replaced as a whole, a directory of that name is not', async () => {
  const { take, context } = placeOfUploads();
  await take(body([{ filename: 'a', content: 'old' }]));
  await take(body([{ filename: 'a', content: 'new' }]));
  mkdirSync(join(context, 'd'));

  expect(readFileSync(join(context, 'a'), 'utf8')).toBe('new');
  expect(await refusal(take(body([{ filename: 'd', content: 'x' }])))).toBe('conflict');
});

test('half a file that a killed process left goes with a later one, and one that still grows stays', async () => {
  const { take, context } = placeOfUploads();
  mkdirSync(context, { recursive: true });
  const [old, fresh] = [1, 2].map((n) => `.openagent-00000000-0000-4000-8000-00000000000${n}.part`);
  for (const name of [old, fresh, 'part']) writeFileSync(join(context, name ?? ''), 'half');
  const longAgo = new Date(Date.now() - 2 * 3600_000);
  for (const name of [old, 'part']) utimesSync(join(context, name ?? ''), longAgo, longAgo);

  await take(body([{ filename: 'a', content: 'x' }]));

  expect(readdirSync(context).toSorted()).toEqual([fresh, 'a', 'part']);
});

test('a hostile file name stays inside the directory', async () => {
  const { take, context } = placeOfUploads();
  const names = ['../../../etc/passwd', '..', '.', '', '/etc/shadow', 'C:\\Users\\x\\evil.exe', 'a/../../b'];

  for (const filename of names) await take(body([{ filename, content: filename }]));

  expect(readdirSync(context).toSorted()).toEqual(['b', 'evil.exe', 'passwd', 'shadow', 'upload.bin']);
});

test('names are made safe: control characters, lone surrogates, and 255 bytes with the ending', () => {
  expect(safeName('a\nb\0c\u2028d\x7f.txt')).toBe('a_b_c_d_.txt');
  expect(safeName('\ud800.txt')).toBe('\ufffd.txt');
  expect(safeName('...')).toBe('...');
  expect(safeName(undefined)).toBe('upload.bin');
  const long = safeName(`${'ü'.repeat(300)}.tar.gz`);
  expect(Buffer.byteLength(long)).toBeLessThanOrEqual(255);
  expect(long.endsWith('.gz')).toBe(true);
});

test('half a surrogate pair in a file name is one U+FFFD, also as raw bytes, and the content stays as it is', async () => {
  const { context, take } = placeOfUploads();
  const half = Buffer.from([0xed, 0xa0, 0xbd]);
  const raw = Buffer.concat([
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a`),
    half,
    Buffer.from('\u00e4.bin"\r\n\r\n'),
    half,
    Buffer.from(`\r\n\r\n`),
    half,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  for (const pieceBytes of [1, 7, raw.length]) {
    const pieces = async function* () {
      for (let at = 0; at < raw.length; at += pieceBytes) yield raw.subarray(at, at + pieceBytes);
    };
    expect(await take(pieces())).toMatchObject({ name: 'a\ufffd\u00e4.bin' });
    const kept = readFileSync(join(context, 'a\ufffd\u00e4.bin'));
    expect(kept.equals(Buffer.concat([half, Buffer.from('\r\n\r\n'), half]))).toBe(true);
  }
});

test('a body that is cut, not multipart, or empty leaves nothing and is a 400', async () => {
  const { take, context, left } = placeOfUploads();
  const whole = [{ filename: 'a', content: 'x'.repeat(1000) }];

  for (const cutBytes of [5, 40, 600, 1100])
    expect([cutBytes, await refusal(take(body(whole, { cutBytes })))]).toEqual([cutBytes, 'bad_request']);
  expect(await refusal(take(body(whole), 'multipart/form-data; boundary=other'))).toBe('bad_request');
  expect(await refusal(take(body(whole), 'multipart/form-data'))).toBe('bad_request');
  expect(await refusal(take(body([])))).toBe('bad_request');
  expect(await refusal(take(Readable.from([])))).toBe('bad_request');

  expect(namesIn(context)).toEqual([]);
  expect(left()).toEqual([]);
});

test('a transfer that breaks off in the middle says so and leaves nothing', async () => {
  const { take, left, context } = placeOfUploads();
  async function* breaking() {
    yield* body([{ filename: 'a', content: 'x'.repeat(100_000) }], { cutBytes: 50_000, pieceBytes: 1000 });
    throw new AppError('unavailable', 'The transfer was cut off.');
  }

  await expect(take(breaking())).rejects.toMatchObject({ code: 'unavailable', message: 'The transfer was cut off.' });

  expect(left()).toEqual([]);
  expect(namesIn(context)).toEqual([]);
});

test('pieces come in any order, one twice, and are one file in the end', async () => {
  const { piece, join: finish, context, left } = placeOfUploads();
  const texts = ['aaaa', 'bbbb', 'cc'];
  for (const index of [2, 0, 1, 1]) await piece('up', index, 3, body([{ content: texts[index] ?? '' }]));

  const stored = await finish('up', 3, '../big file.bin');

  expect(stored).toEqual({ path: join(context, 'big file.bin'), name: 'big file.bin' });
  expect(readFileSync(stored.path, 'utf8')).toBe('aaaabbbbcc');
  expect(left()).toEqual([]);
  await expect(finish('up', 3, 'again')).rejects.toThrow('Missing chunk 0 of 3');
});

test('two tabs that finish one upload at once get it once', async () => {
  const { piece, join: finish, context } = placeOfUploads();
  for (const index of [0, 1]) await piece('up', index, 2, body([{ content: `part${index}` }]));

  const ends = await Promise.allSettled([finish('up', 2, 'a'), finish('up', 2, 'b')]);

  expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  const [name = ''] = readdirSync(context);
  expect(readFileSync(join(context, name), 'utf8')).toBe('part0part1');
});

test('a missing, empty or wrongly sized piece and another number of pieces are refused, and the rest can still come', async () => {
  const { piece, join: finish, context } = placeOfUploads();
  await piece('up', 0, 3, body([{ content: 'aaaa' }]));
  await expect(finish('up', 3, 'x')).rejects.toThrow('Missing chunk 1 of 3: send the file again.');
  await expect(piece('up', 1, 3, body([{ content: '' }]))).rejects.toThrow('Chunk 1 of 3 is empty');
  await expect(piece('up', 1, 4, body([{ content: 'bbbb' }]))).rejects.toThrow('was begun with 3 chunks');
  await piece('up', 1, 3, body([{ content: 'bb' }]));
  await piece('up', 2, 3, body([{ content: 'cccc' }]));
  await expect(finish('up', 3, 'x')).rejects.toThrow('Chunk 1 has 2 bytes and others 4');
  await piece('up', 1, 3, body([{ content: 'bbbb' }]));

  await finish('up', 3, 'x');

  expect(readFileSync(join(context, 'x'), 'utf8')).toBe('aaaabbbbcccc');
});

test('the same upload id of another user is another upload', async () => {
  const { piece, join: finish, context } = placeOfUploads();
  await piece('up', 0, 1, body([{ content: 'of ada' }]));
  await piece('up', 0, 1, body([{ content: 'of bob' }]), 'bob');

  await finish('up', 1, 'a');
  await finish('up', 1, 'b', 'bob');

  expect(readFileSync(join(context, 'a'), 'utf8')).toBe('of ada');
  expect(readFileSync(join(context, 'b'), 'utf8')).toBe('of bob');
});

test('the next start removes what was never finished, and pieces only when nobody came back for a day', async () => {
  const { uploads, piece, left } = placeOfUploads();
  await piece('fresh', 0, 2, body([{ content: 'a' }]));
  const fresh = left();
  await piece('old', 0, 2, body([{ content: 'a' }]));
  const old = left().find((name) => !fresh.includes(name)) ?? '';
  const longAgo = new Date(Date.now() - 25 * 3600_000);
  utimesSync(join(uploads, old), longAgo, longAgo);
  writeFileSync(join(uploads, 'plain-of-a-killed-process'), 'half');

  await sweepUploads(uploads, Date.now(), { unfinished: true });
  await sweepUploads(join(uploads, 'nowhere'), Date.now(), { unfinished: true });

  expect(left()).toEqual(fresh);
});

test.skipIf(noMount)(
  unless(noMount, 'a full disk is said, leaves no half file, and takes the next one when there is room'),
  async () => {
    const disk = mkdtempSync(join(tmpdir(), 'small-disk-'));
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]);
    onTestFinished(() => {
      spawnSync('umount', ['-l', disk]);
      rmSync(disk, { recursive: true, force: true });
    });
    const { take, piece, context, left } = placeOfUploads(disk);
    const large = 'x'.repeat(3 * 1024 * 1024);

    await expect(take(body([{ filename: 'big', content: large }], { pieceBytes: 65_536 }))).rejects.toThrow(
      /disk of this server is nearly full|disk is full: free some space/,
    );
    await expect(piece('up', 0, 2, body([{ content: large }], { pieceBytes: 65_536 }))).rejects.toThrow(
      /nearly full|disk is full/,
    );
    expect(
      left().flatMap((name) =>
        name.startsWith('plain') ? [name] : readdirSync(join(disk, '.openagent', 'uploads', name)),
      ),
    ).toEqual([]);

    await take(body([{ filename: 'small', content: 'fits' }]));
    expect(readdirSync(context)).toEqual(['small']);
  },
);

test.skipIf(noMount)(unless(noMount, 'a directory on another disk gets the file as well'), async () => {
  const workingDir = realpathSync(temporaryDirectory());
  const { take, context } = placeOfUploads(workingDir);
  mkdirSync(context, { recursive: true });
  spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', context]);
  onTestFinished(() => void spawnSync('umount', ['-l', context]));

  await take(body([{ filename: 'there', content: 'over there' }]));

  expect(readdirSync(context)).toEqual(['there']);
  expect(readFileSync(join(context, 'there'), 'utf8')).toBe('over there');
});

test.skipIf(noMount)(
  unless(noMount, 'a file stops before the disk is full, which everybody needs, and says what to do'),
  async () => {
    const disk = mkdtempSync(join(tmpdir(), 'small-disk-'));
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', disk]);
    onTestFinished(() => {
      spawnSync('umount', ['-l', disk]);
      rmSync(disk, { recursive: true, force: true });
    });
    const { take, context } = placeOfUploads(disk);
    const large = () =>
      body([{ filename: 'big', content: 'x'.repeat(38 * 1024 * 1024 + 512 * 1024) }], { pieceBytes: 65_536 });

    await expect(take(large())).rejects.toThrow(/nearly full/);
    writeFileSync(join(disk, 'of somebody else'), 'x'.repeat(39 * 1024 * 1024));
    await expect(take(body([{ filename: 'small', content: 'x' }]))).rejects.toThrow(/nearly full/);
    rmSync(join(disk, 'of somebody else'));

    await take(body([{ filename: 'small', content: 'x' }]));
    expect(readdirSync(context)).toEqual(['small']);
  },
);
