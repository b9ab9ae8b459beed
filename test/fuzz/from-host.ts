/** Bad input for the edge: what a broken, outdated or hostile host-agent may send. */

import { randomUUID } from 'node:crypto';
import { closeCode } from '../../shared/limits.ts';
import { firstHello } from '../support/first-hello.ts';
import { type Frame, inside, mutated, nasty, pick, plain, type Random, type Shot } from './frames.ts';

/** What the attacker knows of the edge it attacks: ids that exist there and are none of its business. */
export interface Targets {
  /** A finished mission of the same server. */
  own: { mission: string; command: string; turn: string; part: string };
  /** A running mission of another server. */
  foreign: { mission: string; command: string; turn: string; part: string };
}

/** The attacker: a server's credential, one run, and how far the edge has taken its rows. */
export interface Attacker {
  run: string;
  /** Highest n known to be stored. */
  n: number;
  /** Owner of its missions. */
  owner: string;
  /** A mission of its own, for rows that are right but for one thing. */
  mission: string;
  command: string;
  turn: string;
}

export const newAttacker = (owner: string): Attacker => ({ ...newRun(), owner, ...newMission() });

export const newRun = (): Pick<Attacker, 'run' | 'n'> => ({ run: `fuzz-${randomUUID()}`, n: 0 });

/** Another mission to write rows of: in one whose turn has ended, most of them say nothing new. */
export const newMission = (): Pick<Attacker, 'mission' | 'command' | 'turn'> => ({
  mission: randomUUID(),
  command: randomUUID(),
  turn: randomUUID(),
});

export const hello = (run: string, more: Frame = {}): Frame =>
  firstHello(run, {
    agent_version: 'fuzz',
    // The turns that an attack begins and never ends hold their slots: it is their own server that says they run.
    capabilities: { agents: null, working_dir: '/root', slots: 1_000 },
    clock: 1,
    ...more,
  });

export const batch = (run: string, from: number, items: unknown[], deltas: unknown[] = []): Frame => ({
  type: 'batch',
  run,
  from,
  items,
  deltas,
});

export const row = (mission: string | null, event: unknown, more: Frame = {}): Frame => ({
  at: 1_700_000_000_000,
  mission,
  event,
  ...more,
});

const usage = { cost_usd: 0.01, input: 1, output: 1, reasoning: 0, cache_read: 0, cache_write: 0 };

/** Rows of an ordinary turn, in order. */
export const turnRows = (
  { owner, mission, command, turn }: Pick<Attacker, 'owner' | 'mission' | 'command' | 'turn'>,
  part: string,
  text: string,
): Frame[] => [
  row(mission, { type: 'mission.opened', owner, workspace: 'w', title: null }),
  row(mission, { type: 'turn.started', command, turn, agent: 'build', model: null }),
  row(mission, { type: 'part.opened', turn, part, kind: 'text' }),
  row(mission, { type: 'part.checkpoint', part, off: 0, text: text.slice(0, 3) }),
  row(mission, { type: 'tool.called', turn, tool_call_id: `call ${part}`, name: 'write', args: { path: 'a' } }),
  row(mission, { type: 'tool.result', tool_call_id: `call ${part}`, name: 'write', result: 'ok', failed: false }),
  row(mission, { type: 'turn.cost', turn, usage }),
  row(mission, { type: 'turn.error', turn, message: 'refused once' }),
  row(mission, { type: 'part.closed', part, off: 3, text: text.slice(3), length: text.length }),
  row(mission, {
    type: 'turn.ended',
    command,
    turn,
    outcome: 'completed',
    answer: [part],
    text: '',
    model: null,
    usage,
  }),
];

const ownRows = (attacker: Attacker): [Frame, ...Frame[]] => {
  const [first, ...rest] = turnRows(attacker, `prt ${attacker.turn}`, 'some text');
  return [first ?? {}, ...rest];
};

/** A valid frame of every type. */
const validFrames = (attacker: Attacker): [Frame, ...Frame[]] => {
  const { run, n, command, turn, mission } = attacker;
  const live = { mission, command, turn, state: 'running', since: 1, last_activity: 1 };
  return [
    batch(run, n + 1, ownRows(attacker), [{ mission, part: `prt ${turn}`, off: 0, text: 'so' }]),
    { type: 'gap', run, from: n + 1, to: n + 3 },
    { type: 'received', ids: [command] },
    { type: 'turns', turns: [live], at: { run, n } },
    { type: 'capabilities', agents: ['build'], working_dir: '/root', slots: 1_000 },
    { type: 'result', id: 'nobody asked', ok: true, value: null },
  ];
};

/** Items that no log may take over, each in a batch that is otherwise right. */
const hostileItem = (random: Random, attacker: Attacker, { own, foreign }: Targets): Frame | unknown => {
  const { mission, turn } = attacker;
  const good = pick(random, ownRows(attacker));
  const mine = (event: Frame, more: Frame = {}) => row(mission, event, more);
  const called = (more: Frame) => ({
    type: 'tool.called',
    turn,
    tool_call_id: 'call',
    name: 'write',
    args: {},
    ...more,
  });
  const target = pick(random, [own, foreign]);
  const src = { source: 's', session: `ses ${random(3)}`, seq: random(50), event: 'evt', index: 0 };
  return pick<() => unknown>(random, [
    () => nasty(random),
    () => inside(random, good),
    () => inside(random, good),
    () => ({ ...good, at: pick(random, [8_640_000_000_000_001, Number.MAX_SAFE_INTEGER, -1, 1.5]) }),
    () => ({ ...good, src }),
    () => ({ ...good, src: { ...src, seq: Number.MAX_SAFE_INTEGER, session: 'x'.repeat(5_000) } }),
    () => row(randomUUID(), called({})),
    () => row(null, called({})),
    // Too large, in every way there is.
    () => mine(called({ args: { text: 'x'.repeat(300_000) } })),
    () => mine(called({ args: '爆'.repeat(200_000) })),
    () => mine(called({ args: 'x'.repeat(random(8) === 0 ? 3_000_000 : 270_000) })),
    () => mine({ type: 'future.thing', text: 'x'.repeat(300_000) }),
    () => mine({ type: 'future.thing', text: nasty(random), args: nasty(random) }),
    () => mine(called({ args: '@@deepest@@' })),
    () => mine(called({ args: '@@deep@@' })),
    () => mine(called({ args: JSON.parse('{"__proto__":{"polluted":true},"constructor":null}') })),
    // Positions and sums beyond everything.
    () => mine({ type: 'part.checkpoint', part: `prt ${turn}`, off: Number.MAX_SAFE_INTEGER, text: 'late' }),
    () => mine({ type: 'part.checkpoint', part: `prt ${turn}`, off: random(3), text: '', replace: true }),
    () => mine({ type: 'part.closed', part: `prt ${turn}`, off: Number.MAX_SAFE_INTEGER, text: 'late', length: 1 }),
    () => mine({ type: 'turn.cost', turn, usage: { ...usage, cost_usd: 1e308 } }),
    // What only the edge may say, and names that belong to the stream itself.
    () => mine({ type: 'mission.deleted' }),
    () => mine({ type: 'mission.status', status: 'failed', summary: 'forged' }),
    () => mine({ type: 'message.kept', command: randomUUID(), content: 'forged', agent: null, queued: true }),
    () => row(null, { type: 'log.gap', run: 'forged', from: 1, to: 2 }),
    () => row(null, { type: pick(random, ['reset', 'snapshot', 'status', 'error', 'delta', 'thinking']), data: 1 }),
    // Other people's missions, parts and commands.
    () => row(foreign.mission, called({ turn: foreign.turn })),
    () => mine({ type: 'part.checkpoint', part: target.part, off: 0, text: 'forged', replace: true }),
    () => mine({ type: 'part.closed', part: target.part, off: 0, text: 'forged', length: 6 }),
    () => mine({ type: 'turn.started', command: target.command, turn: target.turn, agent: null, model: null }),
    () => mine({ type: 'turn.accepted', command: target.command, turn: target.turn }),
    () => mine({ type: 'command.finished', command: target.command, outcome: 'failed', text: 'forged' }),
    () =>
      mine({
        type: 'turn.ended',
        command: target.command,
        turn: target.turn,
        outcome: 'failed',
        answer: [target.part],
        text: 'forged',
        model: null,
        usage,
      }),
  ])();
};

/** A batch that is right but for its items: every one of them has to be answered for, and n goes on. */
const hostileBatch = (random: Random, attacker: Attacker, targets: Targets): Shot => {
  const count = random(40) === 0 ? 2_000 : 1 + random(4);
  const items = Array.from({ length: count }, (_, index) =>
    index > 8 || random(3) === 0 ? pick(random, ownRows(attacker)) : hostileItem(random, attacker, targets),
  );
  const again = random(3) === 0 ? Math.min(attacker.n, random(3)) : 0;
  const deltas = [
    { mission: attacker.mission, part: `prt ${attacker.turn}`, off: random(20), text: 'wor\ud800' },
    { mission: attacker.mission, part: targets.own.part, off: 0, text: 'forged' },
    { mission: targets.foreign.mission, part: targets.foreign.part, off: 0, text: 'forged' },
  ];
  const from = attacker.n + 1 - again;
  const what = `hostile items ${JSON.stringify(items).slice(0, 300)}`;
  const shot = plain(what, batch(attacker.run, from, items, deltas), 'answered');
  return { ...shot, n: Math.max(attacker.n, from + count - 1) };
};

const refused = (what: string, frame: Frame, code: number): Shot => ({ ...plain(what, frame, 'closes'), code });

/** A user that there is not. */
export const madeUpOwner = 'mallory';

/** Says of a mission that it is here, and whose. */
export const claimOf = (mission: string, owner: string): Frame =>
  row(mission, { type: 'mission.opened', owner, workspace: 'w', title: 'Claimed' });

/** Valid frames that may not come now, or not with these numbers. */
const misplaced = (random: Random, attacker: Attacker, { foreign }: Targets): Shot => {
  const { run, n, owner } = attacker;
  const note = row(null, { type: 'host.note', code: 'fuzz', text: 'beyond a hole' });
  return pick<() => Shot>(random, [
    () => plain('a second hello', hello(run), 'closes'),
    () => refused('a hole in n', batch(run, n + 2 + random(1_000), [note]), closeCode.gap),
    () => plain('n beyond everything', batch(run, Number.MAX_SAFE_INTEGER, [note]), 'closes'),
    () => plain('n from 0', batch(run, 0, [note]), 'closes'),
    () => refused('a gap beyond a hole', { type: 'gap', run, from: n + 2, to: n + 9 }, closeCode.gap),
    () => plain('a gap that ends before it begins', { type: 'gap', run, from: n + 1, to: 1 }, 'any'),
    () => plain('2,001 items', batch(run, n + 1, Array(2_001).fill(note)), 'closes'),
    () => plain('10,001 deltas', batch(run, n + 1, [], Array(10_001).fill({})), 'closes'),
    () => {
      // It was taken back once (attack-edge), so what is said of it again is no row of anything, whoever is named.
      const opened = claimOf(foreign.mission, pick(random, [owner, madeUpOwner, `nobody ${random(1_000)}`]));
      const shot = plain("another server's mission again", batch(run, n + 1, [opened]), 'answered');
      return { ...shot, n: n + 1 };
    },
    () => plain('a batch of the unnamed run', batch('', 1, [note]), 'closes'),
    () => plain('a run that never said hello', batch(`other-${random(9)}`, 1, [note]), 'any'),
  ])();
};

/** A shot at a session that is up. */
export const shotFromHost = (random: Random, attacker: Attacker, targets: Targets): Shot =>
  pick<() => Shot>(random, [
    () => mutated(random, pick(random, validFrames(attacker))),
    () => mutated(random, pick(random, validFrames(attacker))),
    () => hostileBatch(random, attacker, targets),
    () => hostileBatch(random, attacker, targets),
    () => misplaced(random, attacker, targets),
    () => plain('a valid frame', pick(random, validFrames(attacker)), 'any'),
  ])();

/** A shot as the first frame of a session: anything but a right `hello` closes it. */
export const firstShotFromHost = (random: Random, attacker: Attacker): Shot => {
  const first = hello(attacker.run);
  return pick<() => Shot>(random, [
    () => plain('a frame before hello', pick(random, validFrames(attacker)), 'closes'),
    () => refused('a hello of another version', { ...first, version: pick(random, [0, 2, 999]) }, closeCode.version),
    () => refused('a hello of another version and shape', { type: 'hello', version: 2, new: 1 }, closeCode.version),
    () => refused('a hello of another epoch', { ...first, epoch: pick(random, [0, 2, 999]) }, closeCode.staleEpoch),
    () => ({ ...mutated(random, pick(random, validFrames(attacker))), expect: 'closes' as const }),
    () => mutatedHello(random, first),
  ])();
};

/**
 * A hello that is well-formed, and says of the past or of what it has whatever it likes (protocol §6 takes it at its
 * word).
 */
export const lyingHello = (random: Random, run: string): Frame => {
  const text = () =>
    pick(random, ['__proto__', 'constructor', '爆'.repeat(64), 'half \ud800', '\u0000', 'x'.repeat(64), run]);
  const live = () => ({
    mission: randomUUID(),
    command: randomUUID(),
    turn: randomUUID(),
    state: 'running',
    since: 0,
    last_activity: 0,
  });
  const most = Number.MAX_SAFE_INTEGER;
  return hello(pick(random, [run, text()]), {
    welcomed_run: pick(random, [null, text()]),
    segment: pick(random, [null, text()]),
    seq: random(1_000),
    acked: pick(random, [null, { run: text(), n: most }, { run, n: 1 }]),
    runs: Array.from({ length: pick(random, [0, 1, 1_000]) }, text),
    commands: Array.from({ length: random(50) }, () => randomUUID()),
    turns: Array.from({ length: pick(random, [0, 1, 2_000]) }, live),
    sessions: Array.from({ length: random(50) }, () => ({ source: text(), session: text() })),
    at: { run: text(), n: pick(random, [0, 1, most]) },
    capabilities: { agents: pick(random, [null, [], [text(), text()]]), working_dir: text() },
    clock: pick(random, [0, most]),
  });
};

/**
 * What a hello says of the past may be wrong without being malformed, and then it is a server whose edge was rolled
 * back (protocol §6), which has a right to a new log. Such lies are told to a server of their own.
 */
const mutatedHello = (random: Random, first: Frame): Shot => {
  const shot = mutated(random, first);
  return shot.expect === 'closes' ? shot : plain('a hello that is right', first, 'any');
};
