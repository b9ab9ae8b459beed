import { expect, test } from 'vitest';
import { inWords, namesLeft } from '../../host-agent/process/left-behind.ts';

const stat = (pid: number, name: string, state = 'S'): string => `${pid} (${name}) ${state} 1 1 1 0 -1 4194560 0 0`;

test('what a command left is everything but the inits of its namespace and zombies', () => {
  const stats = [
    stat(1, 'tini'),
    stat(17, 'my (odd) name'),
    stat(2, 'sh'),
    stat(30, 'gone', 'Z'),
    stat(4, 'node', 'R'),
  ];

  expect(namesLeft(`${stats.join('\n')}\n`, 2)).toEqual(['my (odd) name', 'node']);
  expect(namesLeft('', 2)).toEqual([]);
});

test('names are counted, the most frequent first, made plain, and not all of many are shown', () => {
  expect(inWords(['sleep'])).toBe('1 process (sleep)');
  expect(inWords(['node', 'sleep', 'a\u001b[31m<b>', 'sleep'])).toBe('4 processes (sleep 2, node, a_31m_b_)');
  const many = Array.from({ length: 10 }, (_, index) => `p${index}`);
  expect(inWords(many)).toBe('10 processes (p0, p1, p2, p3, p4, p5, p6, p7, 2 other names)');
});
