import { expect, test } from 'vitest';
import { rangeIn } from '../../worker/files/range.ts';

test('one range is understood, anything else means the whole file', () => {
  expect(rangeIn('bytes=0-9')).toEqual({ first: 0, last: 9 });
  expect(rangeIn('bytes=5-')).toEqual({ first: 5, last: null });
  expect(rangeIn('bytes=-5')).toEqual({ lastBytes: 5 });
  expect(rangeIn('Bytes=0-1')).toEqual({ first: 0, last: 1 });
  expect(rangeIn('bytes=, 0-1 ,')).toEqual({ first: 0, last: 1 });
  expect(rangeIn('bytes=0000000000000000000005-')).toEqual({ first: 5, last: null });
  const most = Number.MAX_SAFE_INTEGER;
  expect(rangeIn('bytes=0-18446744073709551616')).toEqual({ first: 0, last: most });
  expect(rangeIn('bytes=9007199254740993-')).toEqual({ first: most, last: null });
  expect(rangeIn(`bytes=-${'9'.repeat(400)}`)).toEqual({ lastBytes: most });
  expect(rangeIn('bytes=9007199254740995-9007199254740994')).toBeNull();
  for (const header of ['bytes=0 -1', 'bytes 0-1', 'bytes=0-1,5-', 'bytes=+0-1', 'bytes=0x1-2', 'bytes=1e3-'])
    expect([header, rangeIn(header)]).toEqual([header, null]);
  for (const header of [undefined, '', 'bytes=-', 'bytes=9-0', 'bytes=0-1,3-4', 'items=0-1', 'bytes=a-b', 'bytes=1'])
    expect([header, rangeIn(header)]).toEqual([header, null]);
});
