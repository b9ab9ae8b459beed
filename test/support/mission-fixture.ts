// A recorded scenario of test/fixtures/opencode, as the translator sees it.
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { translate } from '../../host-agent/missions/transcript/translate.ts';
import { type Made, newTranslation, type Translation } from '../../host-agent/missions/transcript/translation.ts';
import {
  type Durable,
  historyRow,
  type OpenCodeEvent,
  parseOpenCodeEvent,
} from '../../host-agent/opencode/api/events.ts';
import { inOrder } from '../../host-agent/opencode/api/history.ts';
import { commandId, turnId } from '../../shared/ids.ts';

const read = (name: string): string => readFileSync(new URL(`../fixtures/opencode/${name}`, import.meta.url), 'utf8');

/** Ids in the shape of real ones; `n` makes them differ. */
export const turnNumber = (n: number) => turnId.parse(`00000000-0000-4000-8000-00000000000${n}`);
export const commandNumber = (n: number) => commandId.parse(`00000000-0000-4000-9000-00000000000${n}`);

export interface Scenario {
  root: string;
  /** As it came in the stream. */
  frames: OpenCodeEvent[];
  live: Durable[];
  /** As a restarted host reads it. */
  history: Durable[];
  /** A translation that knows the prompts of the scenario: the first is turn 1. */
  begin(): Translation;
}

export const scenario = (name: string): Scenario => {
  const frames = read(`${name}.jsonl`)
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => parseOpenCodeEvent(line) ?? []);
  const live = frames.filter((frame) => frame.kind === 'durable');
  const rows = z.array(historyRow).parse(JSON.parse(read(`${name}.history.json`)));
  const root = live[0]?.session ?? '';
  const parents = new Map(
    rows.flatMap((row) =>
      row.fact.kind === 'session' && row.fact.session.parentID
        ? [[row.session, row.fact.session.parentID] as const]
        : [],
    ),
  );
  const prompts = live.flatMap((row) =>
    row.session === root && row.fact.kind === 'message' && row.fact.message.role === 'user'
      ? [row.fact.message.id]
      : [],
  );
  const ids = [...new Set(prompts)];
  return {
    root,
    frames,
    live,
    history: inOrder(root, rows, parents),
    begin: () =>
      newTranslation(
        root,
        ids.map((id, index) => [id, { turn: turnNumber(index + 1), command: commandNumber(index + 1) }]),
      ),
  };
};

/** What rows become, each with its origin, so that orders can be compared. */
export const madeOf = (state: Translation, rows: readonly Durable[]): { at: string; made: Made[] }[] =>
  rows
    .map((row) => ({ at: `${row.session} ${row.seq}`, made: translate(state, row) }))
    .filter(({ made }) => made.length > 0);
