/**
 * The seeded generator of bad input, for both directions: any valid frame in, something that may be anything out. What
 * a receiver has to do about it is known by construction, never by asking the schemas that are tested.
 */
export type Random = (below: number) => number;
export type Frame = Record<string, unknown>;

/** One WebSocket message. */
export interface Shot {
  /** For the report of a failure. */
  what: string;
  data: string | Buffer;
  isBinary: boolean;
  /**
   * `closes`: not a frame of the protocol, or none that may come here. `any`: may be understood, ignored or refused.
   */
  expect: 'closes' | 'answered' | 'any';
  /** With `closes`: the code that says why. */
  code?: number;
  /** With `answered`, from a host: the n that is acknowledged. */
  n?: number;
}

export const pick = <T>(random: Random, list: readonly [T, ...T[]]): T => list[random(list.length)] ?? list[0];

/** Stand-ins for what `JSON.stringify` can't write; replaced in the text. */
const beyondNumbers = '@@1e999@@';
const deep = '@@deep@@';
const deepest = '@@deepest@@';

/** The text of a frame, with its stand-ins written out. */
export const textOf = (value: unknown): string =>
  JSON.stringify(value)
    .replaceAll(JSON.stringify(beyondNumbers), '1e999')
    .replaceAll(JSON.stringify(deep), nested(1_000))
    .replaceAll(JSON.stringify(deepest), nested(50_000));

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

/** A value that programs trip over. JSON.parse, because only it makes `__proto__` a key like any other. */
export const nasty = (random: Random): unknown =>
  pick<() => unknown>(random, [
    () => null,
    () => true,
    () => [],
    () => ({}),
    () => [null],
    () => 0,
    () => -1,
    () => 1.5,
    () => 2 ** 53,
    () => -(2 ** 53),
    () => Number.MAX_SAFE_INTEGER,
    () => 1e308,
    () => beyondNumbers,
    () => 'NaN',
    () => '',
    () => '0',
    () => '__proto__',
    () => 'constructor',
    () => 'half a pair \ud800',
    () => 'zero \u0000 byte',
    () => '爆'.repeat(64),
    () => '💥'.repeat(60),
    () => '\u2028 \u202e\u0007\r\n\n: id: data: x\n\n',
    () => "'; DROP TABLE log; --",
    () => 'x'.repeat(70_000),
    () => JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'),
    () => JSON.parse('{"__proto__":null,"hasOwnProperty":1,"toString":2,"length":-1,"then":3}'),
    () => deep,
    () => deepest,
  ])();

/** Fields in which another type is as good, at whatever depth. */
const lenient = new Set(['welcomed_run', 'segment', 'acked', 'agents', 'value', 'args']);

const kindOf = (value: unknown): string => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value);

const shot = (what: string, data: string | Buffer, expect: Shot['expect'], isBinary = false): Shot => ({
  what,
  data,
  isBinary,
  expect,
});

/** A frame as it is. */
export const plain = (what: string, frame: unknown, expect: Shot['expect']): Shot => shot(what, textOf(frame), expect);

/** Another value in one of the frame's own fields. */
const confused = (random: Random, frame: Frame): Shot => {
  const key = pick(random, ['type', ...Object.keys(frame)]);
  const value = nasty(random);
  const isStandIn = value === deep || value === deepest || value === beyondNumbers;
  const kind = value === beyondNumbers ? 'number' : isStandIn ? 'array' : kindOf(value);
  const isWrong = key === 'type' || (!lenient.has(key) && kind !== kindOf(frame[key]));
  return plain(`${frame.type}.${key} is a ${kind}`, { ...frame, [key]: value }, isWrong ? 'closes' : 'any');
};

/** Fields that a frame may lack. */
const optional = new Set(['value', 'args', 'slots']);

const without = (random: Random, frame: Frame): Shot => {
  const key = pick(random, ['type', ...Object.keys(frame)]);
  const { [key]: _, ...rest } = frame;
  return plain(`${frame.type} without ${key}`, rest, optional.has(key) ? 'any' : 'closes');
};

/** Another value anywhere inside: what a receiver makes of it depends on where. */
export const inside = (random: Random, value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || random(4) === 0) return nasty(random);
  const keys = Object.keys(value);
  const key = keys[random(keys.length)];
  if (key === undefined) return nasty(random);
  if (Array.isArray(value)) return value.map((each, index) => (String(index) === key ? inside(random, each) : each));
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, k === key ? inside(random, v) : v]));
};

const twice = (random: Random, frame: Frame): Shot => {
  const key = pick(random, ['type', ...Object.keys(frame)]);
  const text = textOf(frame);
  return shot(
    `${frame.type} with ${key} twice`,
    `${text.slice(0, -1)},${JSON.stringify(key)}:${textOf(nasty(random))}}`,
    'any',
  );
};

const more = (random: Random, frame: Frame): Shot =>
  plain(`${frame.type} with more fields`, { ...frame, [textOf(nasty(random))]: nasty(random), more: 1 }, 'any');

const cut = (random: Random, frame: Frame): Shot => {
  const text = textOf(frame);
  return shot(`${frame.type} cut short`, text.slice(0, random(text.length)), 'closes');
};

const noFrame: readonly [string, ...string[]] = [
  '',
  ' ',
  '{',
  '[]',
  '{}',
  'null',
  '"hello"',
  'NaN',
  '1e999',
  'PING',
  'ping ',
  '{"type":"__proto__"}',
  '{"type":["hello"]}',
  '{"type":"hello","type":null}',
  '\ufeff{"type":"received","ids":[]}',
  '{"__proto__":{"type":"received","ids":[]}}',
  "{'type':'received','ids':[]}",
  '<?xml version="1.0"?>',
];

/** Larger than any frame may be (shared/limits.ts: 8 MiB). */
const oversized = 9 * 1024 * 1024;

/** Once in so many: 9 MB take as long as a hundred other frames. */
const rare = 400;

const raw = (random: Random, frame: Frame): Shot => {
  if (random(rare / 10) === 0) return plain('9 MB of text', { ...frame, more: 'x'.repeat(oversized) }, 'closes');
  return pick(random, [
    () => shot('no frame', pick(random, noFrame), 'closes'),
    () => shot('a binary frame', Buffer.from(textOf(frame)), 'closes', true),
    () => shot('an empty binary frame', Buffer.alloc(0), 'closes', true),
    () => shot('nested without end', '['.repeat(100_000), 'closes'),
    () => shot('only nested', nested(100_000), 'closes'),
    () => shot('bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 'closes'),
  ])();
};

/** Anything that can be made of a valid frame. */
export const mutated = (random: Random, frame: Frame): Shot =>
  pick<() => Shot>(random, [
    () => confused(random, frame),
    () => confused(random, frame),
    () => without(random, frame),
    () => plain(`${frame.type} changed inside`, inside(random, frame), 'any'),
    () => twice(random, frame),
    () => more(random, frame),
    () => cut(random, frame),
    () => raw(random, frame),
  ])();
