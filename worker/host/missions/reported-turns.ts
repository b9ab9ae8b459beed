/** What the host reported of its turns, and which turns were ended at the edge without it. */

import * as z from 'zod';
import { type LiveTurn, liveTurn } from '../../../shared/events.ts';
import type { TurnId } from '../../../shared/ids.ts';
import type { HostContext } from '../context.ts';
import { getMeta, setMeta } from '../tables.ts';

const report = z.object({ turns: z.array(liveTurn), atMs: z.number().int() });

/** The last complete list of live turns, with when it came (object's clock). */
export const turnsReport = (sql: SqlStorage): z.infer<typeof report> =>
  report.parse(JSON.parse(getMeta(sql, 'turns') ?? '{"turns":[],"atMs":0}'));

/** Stores the list, and drops ended turns that the host no longer has. */
export const storeTurns = (host: HostContext, turns: LiveTurn[]): void => {
  setMeta(host.sql, 'turns', JSON.stringify({ turns, atMs: host.now() }));
  const alive = new Set<string>(turns.map((turn) => turn.turn));
  for (const turn of endedTurns(host.sql))
    if (!alive.has(turn)) host.sql.exec('DELETE FROM ended_turns WHERE turn = ?', turn);
};

/** Remembers a turn that was ended at the edge, until its host no longer reports it. */
export const rememberEndedTurn = (sql: SqlStorage, turn: string): void => {
  sql.exec('INSERT INTO ended_turns (turn) VALUES (?) ON CONFLICT DO NOTHING', turn);
};

/** Turns that were ended at the edge and may still run at their host: every `welcome` names them. */
export const endedTurns = (sql: SqlStorage): TurnId[] =>
  sql
    .exec<{ turn: TurnId }>('SELECT turn FROM ended_turns')
    .toArray()
    .map((row) => row.turn);
