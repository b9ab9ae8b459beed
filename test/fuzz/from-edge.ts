/** Bad input for a host: what a broken, outdated or hostile edge may send. */
import { randomUUID } from 'node:crypto';
import { closeCode, protocolVersion } from '../../shared/limits.ts';
import { type Frame, inside, mutated, nasty, pick, plain, type Random, type Shot } from './frames.ts';

/** What an edge knows of the host it talks to. */
export interface Talk {
  run: string;
  /** Highest n of `run` that the host has sent in this session. */
  sent: number;
  log: string;
  segment: string;
  /** A command the host was given before. */
  known: string;
}

export const welcome = ({ run, sent, log, segment }: Talk, more: Frame = {}): Frame => ({
  type: 'welcome',
  version: protocolVersion,
  session: randomUUID(),
  log,
  segment,
  seq: sent,
  epoch: 1,
  runs: [{ run, n: sent }],
  src: [],
  commands: [],
  interrupts: [],
  ended_turns: [],
  frame_ms: 1,
  ...more,
});

export const command = (more: Frame = {}, args: Frame = {}): Frame => ({
  kind: 'message',
  id: randomUUID(),
  mission: randomUUID(),
  at: 1_700_000_000_000,
  args: {
    spec: { owner: 'ada', workspace: 'w', title: null },
    content: 'do it',
    agent: null,
    model: null,
    clean: false,
    ...args,
  },
  ...more,
});

/** A valid frame of every type but the first. */
const validFrames = ({ run, sent, segment, known }: Talk): [Frame, ...Frame[]] => [
  { type: 'commands', commands: [command(), command()] },
  { type: 'ack', run, n: sent, segment, seq: sent },
  { type: 'head', segment, seq: sent },
  { type: 'interrupt', interrupt: { mission: randomUUID(), command: randomUUID() } },
  { type: 'interrupt', interrupt: { mission: randomUUID(), command: known } },
  { type: 'call', id: randomUUID(), method: 'list files', args: { path: '/' } },
];

/** Commands with an envelope that is right around content that is not: each is received, then fails (protocol §2). */
export const badCommand = (random: Random): Frame => {
  const { args, ...rest } = command();
  return pick<() => Frame>(random, [
    () => ({ ...rest, kind: pick(random, ['', 'massage', '__proto__', 'MESSAGE', '爆'.repeat(300)]), args }),
    () => ({ ...rest }),
    () => ({ ...rest, args: pick(random, [null, [], 'text', 7, '@@deep@@', '@@deepest@@']) }),
    () => ({ ...rest, args: { ...(command().args as object), content: pick(random, [null, 7, {}, '@@deepest@@']) } }),
    () => ({ ...rest, args: { ...(command().args as object), spec: nasty(random) } }),
    () => ({ ...rest, at: pick(random, [-1, 1.5, null, '0', '@@1e999@@']), args }),
    () => ({ ...JSON.parse('{"__proto__":{"kind":"message"},"constructor":1}'), ...rest, kind: 'other' }),
    () => ({ ...rest, kind: 'future', deep: '@@deepest@@', long: 'x'.repeat(100_000) }),
  ])();
};

/** Commands that are right, in ways that are unusual. */
const oddCommand = (random: Random, { known }: Talk): Frame =>
  pick<() => Frame>(random, [
    () => command({}, { content: pick(random, ['', '\u0000', 'half \ud800', '💡'.repeat(50_000)]) }),
    () => command({ at: Number.MAX_SAFE_INTEGER }),
    () => command({ more: '@@deepest@@' }),
    () => command({ id: known }),
    () => command({}, { more: nasty(random), agent: '__proto__', model: '/' }),
  ])();

/**
 * Ids of commands in this shot: `good` ones are to be taken, `bad` ones are received and fail, `never` ones leave no
 * trace.
 */
export type EdgeShot = Shot & { good: string[]; bad: string[]; never: string[] };

const without = (shot: Shot, never: string[] = []): EdgeShot => ({ ...shot, good: [], bad: [], never });

const idsOf = (commands: Frame[]): string[] => commands.map(({ id }) => String(id));

const commands = (random: Random, talk: Talk): EdgeShot => {
  const isCrowd = random(60) === 0;
  const good: Frame[] = [];
  const bad: Frame[] = [];
  const all = Array.from({ length: isCrowd ? 2_000 : 1 + random(3) }, () => {
    const isBad = random(2) === 0;
    // A crowd of large ones would be too large a frame.
    const made = isCrowd
      ? command(isBad ? { kind: 'other' } : {})
      : isBad
        ? badCommand(random)
        : oddCommand(random, talk);
    (isBad ? bad : good).push(made);
    return made;
  });
  const shot = plain(`commands ${JSON.stringify(all).slice(0, 300)}`, { type: 'commands', commands: all }, 'answered');
  return { ...shot, good: idsOf(good), bad: idsOf(bad), never: [] };
};

/** Commands of which one has no right envelope: none of them is taken. */
const unreadable = (random: Random): EdgeShot => {
  const wrong = pick<Frame | null | string>(random, [
    null,
    'text',
    {},
    command({ id: pick(random, ['', '1', 'A0000000-0000-0000-0000-000000000000', 7, null]) }),
    command({ mission: pick(random, ['', '../../etc', 7, null]) }),
    command({ kind: pick(random, [null, 7, []]) }),
  ]);
  const beside = [command(), command()];
  const all = [beside[0], wrong, beside[1]];
  return without(plain('a command without an envelope', { type: 'commands', commands: all }, 'closes'), idsOf(beside));
};

const misplaced = (random: Random, talk: Talk): Shot => {
  const { run, sent, segment } = talk;
  return pick<() => Shot>(random, [
    () => plain('a second welcome', welcome(talk), 'closes'),
    () =>
      plain(
        'an ack of rows that were not sent',
        { type: 'ack', run, n: sent + 1 + random(9), segment, seq: 1 },
        'closes',
      ),
    () =>
      plain('an ack beyond everything', { type: 'ack', run, n: Number.MAX_SAFE_INTEGER, segment, seq: 1 }, 'closes'),
    () => plain('an ack of another run', { type: 'ack', run: 'never drawn', n: 1, segment, seq: 1 }, 'closes'),
    () => plain('an ack of less than before', { type: 'ack', run, n: random(sent + 1), segment, seq: 1 }, 'any'),
    () =>
      plain('a call of nothing', { type: 'call', id: randomUUID(), method: '__proto__', args: nasty(random) }, 'any'),
    () => plain('a hello', { type: 'hello', version: protocolVersion }, 'closes'),
  ])();
};

/** A shot at a session that is up. */
export const shotFromEdge = (random: Random, talk: Talk): EdgeShot =>
  pick<() => EdgeShot>(random, [
    () => without(mutated(random, pick(random, validFrames(talk)))),
    () => without(mutated(random, pick(random, validFrames(talk)))),
    () => without(misplaced(random, talk)),
    () => unreadable(random),
    () => commands(random, talk),
  ])();

/** A shot as the first frame of a session, in the place of `welcome`. */
export const firstShotFromEdge = (random: Random, talk: Talk): Shot => {
  const other = { ...welcome(talk), version: pick(random, [0, 2, 999]) };
  return pick<() => Shot>(random, [
    () => ({ ...mutated(random, pick(random, validFrames(talk))), expect: 'closes' as const }),
    () => plain('a frame before welcome', pick(random, validFrames(talk)), 'closes'),
    () => ({ ...plain('a welcome of another version', other, 'closes'), code: closeCode.version }),
    () => ({
      ...plain('another version and shape', { type: 'welcome', version: 2 }, 'closes'),
      code: closeCode.version,
    }),
    () => mutated(random, welcome(talk)),
    () => plain('a welcome changed inside', inside(random, welcome(talk)), 'any'),
  ])();
};
