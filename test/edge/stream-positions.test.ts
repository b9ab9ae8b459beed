import { expect, test } from 'vitest';
import { parseVector } from '../../shared/cursor.ts';
import { type Activities, statusAround, statusSnapshot } from '../../worker/stream/activity.ts';
import { positionsFrom, type StreamHost } from '../../worker/stream/positions.ts';
import { seated } from '../../worker/stream/seats.ts';
import { splitViewerFrame } from '../../worker/stream/viewer-frame.ts';

const a = { id: 'aaa', log: 'log-a', since: 'start', isLive: false, isRemoved: false, holds: true, news: '' };
const b = { id: 'bbb', log: 'log-b', since: 'start', isLive: false, isRemoved: false, holds: true, news: '' };

/** By an id that a client kept, in one of the forms of before. */
const from = (id: string | null, hosts: StreamHost[]) =>
  positionsFrom(id === null ? new Map() : parseVector(id), hosts);

test('a cursor of one server goes to the only one there is, whatever it says', () => {
  expect(from('garbage', [a])).toEqual(new Map([['aaa', 'garbage']]));
});

test('among several servers a bare cursor belongs to the one with its log, and the others came later', () => {
  expect(from('log-b.seg.7', [a, b])).toEqual(
    new Map([
      ['bbb', 'log-b.seg.7'],
      ['aaa', 'start'],
    ]),
  );
});

test('an id that is of no server here, or none, joins all as of now', () => {
  const asOfNow = new Map([
    ['aaa', 'now'],
    ['bbb', 'now'],
  ]);

  expect(from('log-x.seg.7', [a, b])).toEqual(asOfNow);
  expect(from(null, [a, b])).toEqual(asOfNow);
});

test('a vector is split among its servers; one that is gone is left out, one that was removed only if not named', () => {
  const removed = { id: 'ccc', log: 'log-c', since: 'start', isLive: false, isRemoved: true, holds: true, news: '' };

  expect(from('aaa=log-a.s.1,gone=log-x.s.2', [a, removed])).toEqual(new Map([['aaa', 'log-a.s.1']]));
  expect(from('aaa=log-a.s.1,ccc=log-c.s.2', [a, removed])).toEqual(
    new Map([
      ['aaa', 'log-a.s.1'],
      ['ccc', 'log-c.s.2'],
    ]),
  );
  expect(from('log-c.s.2', [a, removed])).toEqual(
    new Map([
      ['ccc', 'log-c.s.2'],
      ['aaa', 'start'],
    ]),
  );
});

const candidate = (id: string, isLive: boolean, isJoined: boolean, isFailing = false) => ({
  id,
  isLive,
  isJoined,
  isFailing,
});

test('four seats go to what is alive first, to what has one already next, and then by age', () => {
  const [quiet, joined, live] = [
    candidate('q', false, false),
    candidate('j', false, true),
    candidate('l', true, false),
  ];
  const rest = ['r1', 'r2', 'r3'].map((id) => candidate(id, false, false));

  expect(seated([quiet, joined, live])).toEqual(['l', 'j', 'q']);
  expect(seated([quiet, ...rest, joined, live])).toEqual(['l', 'j', 'q', 'r1']);
  const five = ['1', '2', '3', '4', '5'].map((id) => candidate(id, true, id === '5'));
  expect(seated(five)).toEqual(['5', '1', '2', '3']);
});

test('a server that fails has its seat after those that do not, and before the quiet ones', () => {
  const failing = candidate('f', true, true, true);
  const live = ['1', '2', '3', '4'].map((id) => candidate(id, true, false));

  expect(seated([failing, ...live])).toEqual(['1', '2', '3', '4']);
  expect(seated([candidate('q', false, true), failing])).toEqual(['f', 'q']);
});

test('the newest position of a frame is found with and without a header, at the start and in the middle', () => {
  const header = { cursor: 'l.s.3', mode: 'live', reset: false, changed: [], running: [], errors: [] };

  expect(splitViewerFrame(`${JSON.stringify(header)}\nid: l.s.2\n\n`).cursor).toBe('l.s.3');
  expect(splitViewerFrame('\nid: l.s.2\n\n').cursor).toBe('l.s.2');
  expect(splitViewerFrame('\nid: l.s.2\nevent: x\ndata: {}\n\nid: l.s.4\n\n').cursor).toBe('l.s.4');
  expect(splitViewerFrame('\nevent: x\ndata: {}\n\nid: l.s.4\nevent: y\ndata: {}\n\n').cursor).toBe('l.s.4');
  expect(splitViewerFrame('\nevent: delta\ndata: {"text":"id: "}\n\n').cursor).toBeNull();
  expect(() => splitViewerFrame('{"cursor":1}\n')).toThrow();
});

const run = (mission_id: string, state: 'idle' | 'running', queue_len = 0) => ({ mission_id, state, queue_len });
const header = (changed: object[], running: object[]) =>
  splitViewerFrame(`${JSON.stringify({ cursor: 'l.s.1', mode: 'live', reset: false, changed, running, errors: [] })}\n`)
    .header;
const states = (text: string): string[] =>
  [...text.matchAll(/"state":"(\w+)","queue_len":(\d+)(?:,"mission_id":"(\w+)")?/g)].map((found) =>
    found.slice(1).join(' '),
  );
const around = (runs: Activities, host: string, changed: object[], running: object[]) => {
  const parsed = header(changed, running);
  if (!parsed) throw new Error('no header');
  const { before, after } = statusAround(runs, host, parsed);
  return [states(before), states(after)];
};

test('changes that no frame named, because the viewer was away, are told from the difference', () => {
  const runs: Activities = new Map([['aaa', [run('m', 'running'), run('n', 'running')]]]);

  expect(around(runs, 'aaa', [], [run('n', 'running', 2), run('o', 'running')])).toEqual([
    ['running 2 n', 'running 0 o'],
    ['idle 0 m', 'running 2 n'],
  ]);
  expect(around(runs, 'aaa', [], [run('n', 'running', 2), run('o', 'running')])).toEqual([[], []]);
});

test('an end on one server is followed by what runs on another', () => {
  const runs: Activities = new Map([
    ['aaa', [run('m', 'running')]],
    ['bbb', [run('n', 'running')]],
  ]);

  expect(around(runs, 'aaa', [run('m', 'idle')], [])).toEqual([[], ['idle 0 m', 'running 0 n']]);
  expect(around(runs, 'bbb', [run('n', 'idle')], [])).toEqual([[], ['idle 0 n']]);
});

test('the snapshot ends with what runs', () => {
  expect(states(statusSnapshot(new Map([['aaa', [run('m', 'running'), run('n', 'idle', 1)]]])))).toEqual([
    'idle 1 n',
    'running 0 m',
  ]);
});
