// What the plug-in in OpenCode keeps of a call that has no result (host-agent/opencode/plugin/printed.ts).
import { expect, test } from 'vitest';
import { cancelledResult, newPrinted } from '../../host-agent/opencode/plugin/printed.ts';
import { storedView } from '../../shared/tool-view.ts';

test('pieces are one text, and of what was too much the end with how much is missing', () => {
  const printed = newPrinted();
  expect(printed.text()).toBeNull();
  printed.add({ skipped: 0, text: 'one\n' });
  printed.add({ skipped: 0, text: 'two\n' });
  expect(printed.text()).toBe('one\ntwo');

  printed.add({ skipped: 100, text: 'three\n' });
  expect(printed.text()).toBe('[... 108 characters before this are not shown ...]\nthree');
  for (let line = 0; line < 10_000; line++) printed.add({ skipped: 0, text: `${line}\n` });
  const text = printed.text() ?? '';
  expect(text.split('\n').length).toBeLessThan(2_000);
  expect(text.endsWith('\n9999')).toBe(true);
});

test('it stays below what OpenCode cuts, whatever the characters', () => {
  const printed = newPrinted();
  for (let piece = 0; piece < 20; piece++) printed.add({ skipped: 0, text: '☃'.repeat(15 * 1024) });

  expect(Buffer.byteLength(printed.text() ?? '')).toBeLessThan(50 * 1024);
});

test('what no model or database takes is replaced', () => {
  const printed = newPrinted();
  printed.add({ skipped: 0, text: 'a\0b\x1b[1mc\n' });

  expect(printed.text()).toBe('a\ufffdb\x1b[1mc');
});

test('a cancelled command has a view that can be stored, however odd its texts are', () => {
  for (const text of ['x', '\0'.repeat(100_000), '☃'.repeat(100_000), '"\\'.repeat(100_000)]) {
    const { output, metadata } = cancelledResult('bash', { command: text }, `/${text}`, text);

    expect(output).toMatch(/\[bash was cancelled while it ran/);
    expect(storedView.safeParse(metadata.view).success).toBe(true);
  }
  expect(cancelledResult('webfetch', { url: 'x' }, '/', 'x').metadata).toEqual({ cancelled: true });
});
