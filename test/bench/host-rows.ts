// Rows and deltas as a host sends them, for the sections in which the bench is the host.
import { randomUUID } from 'node:crypto';

const row = (mission: string, event: object): object => ({ at: Date.now(), mission, event });

/** A turn of a mission that runs and a text that is open, and the rows that make it so. */
export const turnRows = (mission: string, command: string) => {
  const turn = randomUUID();
  const part = `prt_${turn}`;
  return {
    mission,
    turn,
    part,
    rows: [
      row(mission, { type: 'turn.started', command, turn, agent: 'build', model: 'lab/m1' }),
      row(mission, { type: 'part.opened', turn, part, kind: 'text' }),
    ],
  };
};

/** The same with a mission that its server opens. */
export const openedMission = (owner = 'default') => {
  const running = turnRows(randomUUID(), randomUUID());
  const opened = { type: 'mission.opened', owner, workspace: 'w', title: 'Opened by the bench' };
  return { ...running, rows: [row(running.mission, opened), ...running.rows] };
};

/** What an opened mission says on: each call makes the next piece. */
export const partRows = ({ mission, turn, part }: { mission: string; turn: string; part: string }) => {
  let off = 0;
  return {
    mission,
    /** A token, at the end of the text so far. */
    grow: (text = 'token '): object => {
      const delta = { mission, part, off, text };
      off += text.length;
      return delta;
    },
    /** A piece of text that is stored, at the end of the text so far. */
    checkpoint: (text: string): object => {
      const event = { type: 'part.checkpoint', part, off, text };
      off += text.length;
      return row(mission, event);
    },
    /** A tool call; `word` is what a reader may look for. */
    tool: (word = 'make'): object =>
      row(mission, { type: 'tool.called', turn, tool_call_id: randomUUID(), name: 'bash', args: { command: word } }),
  };
};
