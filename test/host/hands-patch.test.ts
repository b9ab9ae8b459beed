import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { handsSession } from '../support/hands.ts';

test('a patch changes, adds, moves and removes files at once', async () => {
  const { put, text, directory } = handsSession();
  put('a.ts', 'one\ntwo\n');
  put('old.ts', 'keep\ngo\n');
  put('gone.ts', 'x\n');

  const said = await text('apply_patch', {
    patchText: [
      '*** Begin Patch',
      '*** Update File: a.ts',
      '@@',
      ' one',
      '-two',
      '+zwei',
      '*** Update File: old.ts',
      '*** Move to: src/new.ts',
      '@@',
      '-go',
      '+stay',
      '*** Add File: made/here.ts',
      '+hello',
      '*** Delete File: gone.ts',
      '*** End Patch',
    ].join('\n'),
  });

  expect(said).toBe('The patch is applied:\nM a.ts\nR old.ts -> src/new.ts\nA made/here.ts\nD gone.ts');
  const content = (name: string) => readFileSync(join(directory, name), 'utf8');
  expect([content('a.ts'), content('src/new.ts'), content('made/here.ts')]).toEqual([
    'one\nzwei\n',
    'keep\nstay\n',
    'hello\n',
  ]);
  expect([existsSync(join(directory, 'old.ts')), existsSync(join(directory, 'gone.ts'))]).toEqual([false, false]);
});

test('a patch of which one part is wrong changes nothing', async () => {
  const { put, failure, directory } = handsSession();
  put('a.ts', 'one\n');
  put('b.ts', 'one\n');
  const update = (name: string, line: string) => `*** Update File: ${name}\n@@\n-${line}\n+x\n`;
  const patchText = (body: string) => `*** Begin Patch\n${body}*** End Patch`;

  expect(
    await failure('apply_patch', { patchText: patchText(update('a.ts', 'one') + update('b.ts', 'two')) }),
  ).toContain('b.ts');
  expect(await failure('apply_patch', { patchText: patchText('*** Add File: b.ts\n+x\n') })).toContain(
    'exists already',
  );
  expect(await failure('apply_patch', { patchText: patchText('*** Delete File: c.ts\n') })).toContain('does not exist');
  expect(readFileSync(join(directory, 'a.ts'), 'utf8')).toBe('one\n');
});

test('a patch that names a file twice goes on where it was', async () => {
  const { put, text, directory } = handsSession();
  put('a.ts', 'one\ntwo\n');
  const update = (from: string, to: string) => `*** Update File: a.ts\n@@\n-${from}\n+${to}\n`;

  await text('apply_patch', { patchText: `*** Begin Patch\n${update('one', '1')}${update('1', 'eins')}*** End Patch` });

  expect(readFileSync(join(directory, 'a.ts'), 'utf8')).toBe('eins\ntwo\n');
});

test('one question is asked for all files of a patch', async () => {
  const { put, once } = handsSession();
  put('a.ts', 'one\n');
  const patchText =
    '*** Begin Patch\n*** Update File: a.ts\n*** Move to: b.ts\n@@\n-one\n+two\n*** Add File: c.ts\n+x\n*** End Patch';

  const outcome = await once('apply_patch', { patchText });

  const asked = outcome.kind === 'asks' ? outcome.asks : [];
  expect(asked.map(({ permission, patterns }) => [permission, patterns.map((each) => each.split('/').at(-1))])).toEqual(
    [['edit', ['a.ts', 'b.ts', 'c.ts']]],
  );
});
