// What happens in a round, drawn from a seed and nothing else: who asks for what, which faults come when, who watches.
import { randomFrom } from '../support/random.ts';

/**
 * Which faults a round may have, and so what has to hold after it: `edge` (edge, link and viewers; nobody else dies),
 * `host` (host-agent and hands are killed too), `opencode` (any process is). The warden is in each: nothing ends with
 * it.
 */
export type RoundKind = 'edge' | 'host' | 'opencode';

/** So many more chunks of the model, or frames on the link, from when it is waited for. */
export interface Instant {
  of: 'chunks' | 'frames';
  count: number;
}

/** Faults of one lane come one after the other, lanes are independent of each other. */
const lanes = {
  link: [
    'link.cut',
    'link.refused',
    'link.half-open',
    'link.delayed',
    'link.acks-dropped',
    'link.doubled',
    'link.greeted-twice',
  ],
  viewers: ['viewers.cut', 'viewers.stalled'],
  edge: ['edge.killed', 'edge.stopped', 'edge.frozen'],
  host: ['host.killed', 'host.frozen'],
  opencode: ['opencode.killed', 'opencode.frozen'],
  hands: ['hands.killed', 'hands.frozen'],
  warden: ['warden.killed', 'warden.frozen'],
  d1: ['d1.slow', 'd1.fails', 'd1.forgets', 'd1.away'],
  objects: ['object.host-throws', 'object.account-throws'],
  hostile: ['user.hostile'],
  outage: ['d1.away-long'],
} as const;

type Lane = keyof typeof lanes;
export type FaultName = (typeof lanes)[Lane][number];

export interface FaultPlan {
  name: FaultName;
  after: Instant;
  /** When it ends, for those that last; at the latest after `atMostMs`, because it may stop what is counted. */
  lasts: Instant;
  atMostMs: number;
}

export interface MessagePlan {
  /** What the model is to do; never the same twice in a run. */
  content: string;
  /** How often the request is made, always with the same Idempotency-Key; all but the first at once. */
  requests: number;
  /** Sent without waiting for the one before. */
  atOnce: boolean;
  cancelAfter: Instant | null;
}

export interface ViewerPlan {
  rendering: 'default' | 'delta';
  joinsAfter: Instant;
  /** It watches, leaves, stays away and comes back where it left. */
  visits: { watches: Instant; away: Instant }[];
}

export interface RoundPlan {
  seed: number;
  round: number;
  kind: RoundKind;
  missions: MessagePlan[][];
  faults: FaultPlan[][];
  viewers: ViewerPlan[];
}

export type Size = 'full' | 'small';

type Draw = (below: number) => number;

/**
 * The plan of round number `round` of a seed; the same for the same numbers. A `small` one has fewer messages, and no
 * long outage.
 */
export const planRound = (seed: number, round: number, size: Size): RoundPlan => {
  const draw = randomFrom(Math.imul(seed, 0x9e3779b1) + round);
  const kind = drawKind(draw);
  const name = secretOf({ seed, round });
  const plan: RoundPlan = {
    seed,
    round,
    kind,
    missions: times(3 + draw(size === 'small' ? 1 : 3), (mission) =>
      times((size === 'small' ? 1 : 2) + draw(size === 'small' ? 2 : 3), (message) =>
        planMessage(draw, `${name} m${mission} k${message}`),
      ),
    ),
    faults: [
      planLane(draw, [...lanes.link], 14),
      planLane(draw, [...lanes.viewers], 6),
      planLane(draw, [...lanes.edge], 7),
      planLane(draw, kind === 'edge' ? ['host.frozen'] : [...lanes.host], kind === 'edge' ? 3 : 6),
      // Each kill interrupts every mission, so few of them leave the most to be broken.
      planLane(draw, kind === 'opencode' ? [...lanes.opencode] : ['opencode.frozen'], kind === 'opencode' ? 5 : 3),
    ],
    viewers: times(3, (index) => ({
      rendering: index === 0 ? 'default' : index === 1 ? 'delta' : pick(draw, ['default', 'delta']),
      joinsAfter: { of: 'chunks', count: draw(40) },
      visits: times(2 + draw(4), () => ({ watches: chunks(draw, 5, 80), away: chunks(draw, 1, 40) })),
    })),
  };
  // Drawn last: an old seed has what it had before there were these, and them besides.
  const d1 = planLane(draw, [...lanes.d1], 8);
  const objects = planLane(draw, [...lanes.objects], size === 'small' ? 1 : 4);
  const hostile = planLane(draw, [...lanes.hostile], size === 'small' ? 1 : 5);
  // An outage of D1 takes the place of what else it would have, and makes a round long.
  const outage = size === 'full' && draw(4) === 0 ? planLane(draw, [...lanes.outage], 1).map(long) : [];
  const hands = planLane(draw, kind === 'edge' ? ['hands.frozen'] : [...lanes.hands], kind === 'edge' ? 3 : 6);
  const warden = planLane(draw, [...lanes.warden], 6);
  return { ...plan, faults: [...plan.faults, outage.length > 0 ? outage : d1, objects, hostile, hands, warden] };
};

/** Longer than the edge and the host-agent wait for anything of D1, and than most turns take. */
const longMs = 30_000;
const long = (fault: FaultPlan): FaultPlan => ({ ...fault, lasts: { of: 'chunks', count: 400 }, atMostMs: longMs });

/** Stands in every text of the round's ordinary user. */
export const secretOf = ({ seed, round }: Pick<RoundPlan, 'seed' | 'round'>): string => `s${seed} r${round}`;

/** The same as one word, with which each of the round's commands begins that word of its own that it writes down. */
export const wordOf = (text: string): string => text.replaceAll(' ', '-');

/** Where commands write their words down, in the mission's directory: a line each time that one runs. */
export const ranFile = 'ran';

const drawKind = (draw: Draw): RoundKind => {
  const number = draw(10);
  return number < 4 ? 'edge' : number < 7 ? 'host' : 'opencode';
};

const planLane = (draw: Draw, names: FaultName[], atMost: number): FaultPlan[] =>
  times(Math.ceil(atMost / 2) + draw(Math.floor(atMost / 2) + 1), () => ({
    name: pick(draw, names),
    after: draw(2) === 0 ? chunks(draw, 1, 40) : { of: 'frames', count: 1 + draw(25) },
    lasts: chunks(draw, 1, 40),
    atMostMs: pick(draw, [100, 300, 600, 1_000, 2_500]),
  }));

const planMessage = (draw: Draw, name: string): MessagePlan => ({
  content: [`# ${name}`, ...times(draw(4), (step) => stepLines(draw, `${name} ${step}`)), lastLines(draw)].join('\n'),
  requests: 1 + draw(3),
  atOnce: draw(4) === 0,
  cancelAfter: draw(8) === 0 ? chunks(draw, 1, 60) : null,
});

const stepLines = (draw: Draw, name: string): string => {
  const word = wordOf(name);
  const write = `TOOL write ${JSON.stringify({ filePath: `${word}.txt`, content: name })}`;
  const command = `echo ${word} >> ${ranFile}; echo ${word}; sleep 0.${draw(4)}; echo done`;
  const bash = `TOOL bash ${JSON.stringify({ command, description: name })}`;
  return [...talk(draw), draw(2) === 0 ? write : bash].join('\n');
};

const lastLines = (draw: Draw): string =>
  draw(6) === 0 ? pick(draw, oddEnds)(draw) : [...talk(draw), tokens(draw)].join('\n');

/**
 * Ends of a turn by a provider that is not as it should be: numbers that can't be, an answer that is cut, a web page
 * instead of one.
 */
const oddEnds: readonly ((draw: Draw) => string)[] = [
  (draw) => `USAGE {"prompt_tokens":-5,"completion_tokens":-7,"total_tokens":-12}\n${tokens(draw)}`,
  (draw) => `USAGE {"prompt_tokens":1.5,"completion_tokens":0.25,"total_tokens":1.75}\n${tokens(draw)}`,
  (draw) => `${tokens(draw)}\n${cutEnd}`,
  () => pageInsteadOfAnswer,
];
const cutEnd = 'END length';
const pageInsteadOfAnswer = 'RAW 200 text/html "<html>Log in first</html>"';

/** How the turn of a message has to end when nobody and nothing stops it. */
export const rightEnd = (content: string): 'completed' | 'blocked' =>
  content.includes(`\n${cutEnd}`) || neverAnswers(content) ? 'blocked' : 'completed';

/** The model sends nothing that is an answer, however often OpenCode asks. */
export const neverAnswers = (content: string): boolean => content.includes(`\n${pageInsteadOfAnswer}`);

/** What the model says before it acts: nothing, thoughts, text, or both. */
const talk = (draw: Draw): string[] => [
  ...(draw(2) === 0 ? [`REASON ${times(1 + draw(12), (word) => `thought${word}`).join(' ')}`] : []),
  ...(draw(3) > 0 ? [tokens(draw)] : []),
];

const tokens = (draw: Draw): string => `TOKENS ${5 + draw(50)} DELAY ${2 + draw(20)}`;

const chunks = (draw: Draw, from: number, to: number): Instant => ({ of: 'chunks', count: from + draw(to - from) });
const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

const pick = <T>(draw: Draw, from: readonly T[]): T => {
  const chosen = from[draw(from.length)];
  if (chosen === undefined) throw new Error('nothing to choose from');
  return chosen;
};
