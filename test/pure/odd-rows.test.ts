// Whatever OpenCode repeats of providers and tools, what it becomes can be stored, and the end of a turn always can.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { clean, rowsOf } from '../../host-agent/missions/transcript/rows.ts';
import { OpenTexts } from '../../host-agent/missions/transcript/text.ts';
import { translate } from '../../host-agent/missions/transcript/translate.ts';
import { newTranslation } from '../../host-agent/missions/transcript/translation.ts';
import { historyRow } from '../../host-agent/opencode/api/events.ts';
import { createRedactor } from '../../host-agent/process/redact.ts';
import { encode, refusalOf } from '../../host-agent/store/outbox-row.ts';
import { noUsage } from '../../shared/events.ts';
import { missionId } from '../../shared/ids.ts';
import { commandNumber, turnNumber } from '../support/mission-fixture.ts';
import { randomFrom } from '../support/random.ts';

const seed = 20261130;
const rounds = 400;
const redactor = createRedactor([]);
const mission = missionId.parse('00000000-0000-4000-8000-0000000000aa');

const nested = (levels: number): unknown => (levels === 0 ? 'x' : [nested(levels - 1)]);
/** Deep enough to end the recursion of whoever writes it carelessly, and not so deep that this test can't build it. */
const deep = nested(2_000);
const odd: readonly unknown[] = [
  2 ** 64 - 5,
  -1,
  0.5,
  1e300,
  Number.MAX_SAFE_INTEGER + 2,
  null,
  true,
  '',
  '\ud83d',
  '\ude00\u0000\u202e',
  'x'.repeat(300_000),
  '\ud83d\ude00'.repeat(60_000),
  [],
  {},
  deep,
  Object.fromEntries([
    ['__proto__', 1],
    ['', 2],
    ['\ud83d', 3],
    ['k'.repeat(200_000), 4],
  ]),
  Array.from({ length: 50_000 }, () => 1),
];

/** `value` with some of its leaves, or whole branches, replaced by odd ones. */
const mangled = (value: unknown, draw: (below: number) => number): unknown => {
  if (draw(25) === 0) return odd[draw(odd.length)];
  if (Array.isArray(value)) return value.map((each) => mangled(each, draw));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, mangled(each, draw)]));
};

const history = ['tool-write', 'reasoning-and-text', 'subagent', 'provider-error'].map((name) =>
  z
    .array(z.looseObject({ aggregate_id: z.string(), data: z.unknown() }))
    .parse(JSON.parse(readFileSync(new URL(`../fixtures/opencode/${name}.history.json`, import.meta.url), 'utf8'))),
);

test(`every event made of ${rounds} histories with odd values in them is one that the log takes`, () => {
  const draw = randomFrom(seed);
  let made = 0;
  for (let round = 0; round < rounds; round++) {
    const rows = history[round % history.length] ?? [];
    const root = rows[0]?.aggregate_id ?? '';
    const prompts = rows.flatMap(({ data }) => {
      const user = z.object({ info: z.object({ role: z.literal('user'), id: z.string() }) }).safeParse(data);
      return user.success ? [user.data.info.id] : [];
    });
    const state = newTranslation(
      root,
      prompts.map((id) => [id, { turn: turnNumber(1), command: commandNumber(1) }]),
    );
    const texts = new OpenTexts(() => redactor);
    for (const raw of rows) {
      const row = historyRow.safeParse({ ...raw, data: mangled(raw.data, draw) });
      if (!row.success) continue;
      const context = { mission, source: 's', at: 1, redactor, texts };
      for (const each of rowsOf(row.data, translate(state, row.data), context)) {
        expect(refusalOf(each.event), `round ${round}, ${JSON.stringify(each.event).slice(0, 300)}`).toBeNull();
        const { json } = encode(each);
        expect(json.isWellFormed()).toBe(true);
        made++;
      }
    }
  }

  expect(made).toBeGreaterThan(rounds);
});

test('a turn ends whatever its end has in it: what the log would refuse is left out', () => {
  const end = {
    type: 'turn.ended' as const,
    command: commandNumber(1),
    turn: turnNumber(1),
    outcome: 'completed' as const,
    answer: ['prt_1'],
    text: 'Done.',
    model: 'lab/m1',
    usage: noUsage,
  };

  for (const wrong of [
    { usage: { ...noUsage, cost_usd: 3.6e13 } },
    { usage: { ...noUsage, output: Number.NaN } },
    { model: 'm'.repeat(300_000) },
    { answer: Array.from({ length: 20_000 }, (_, n) => `prt_${n}_${'x'.repeat(300)}`) },
    { text: 'x'.repeat(2_000_000) },
  ]) {
    const stored = clean({ ...end, ...wrong }, redactor);

    expect(refusalOf(stored)).toBeNull();
    expect(stored).toMatchObject({ type: 'turn.ended', turn: end.turn, command: end.command, outcome: 'completed' });
  }
  expect(clean({ ...end, usage: { ...noUsage, cost_usd: 3.6e13 } }, redactor)).toEqual(end);
});
