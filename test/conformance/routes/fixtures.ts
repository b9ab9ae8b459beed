// What cases stand on: a mission that has run, and new ones.
import type { StreamReader } from '../../support/sse-reader.ts';
import { me } from '../stage.ts';

export const newMission = async (title: string): Promise<string> => {
  const made = await me().call('POST', '/api/control/missions', { title });
  if (made.status !== 200) throw new Error(`a mission was refused: ${made.status} ${made.text}`);
  return made.json.id;
};

/**
 * Waits for a mission's answer and the idle status after it; there are others before, such as one that tells of a new
 * mission.
 */
export const turnOver = async (stream: StreamReader, mission: string): Promise<void> => {
  const answer = await stream.until(({ name, data }) => name === 'assistant_message' && data.mission_id === mission);
  const at = stream.events.indexOf(answer);
  await stream.until(
    (event) =>
      stream.events.indexOf(event) > at &&
      event.name === 'status' &&
      event.data.mission_id === mission &&
      event.data.state === 'idle',
  );
};

/** Says something in a mission of its own and waits for the answer; gives the mission. */
export const sayAndWait = async (content: string): Promise<string> => {
  const stream = await me().stream();
  const { mission } = await me().say(content, await newMission('Said'));
  await turnOver(stream, mission);
  stream.close();
  return mission;
};

let ran: Promise<string> | null = null;
/** A mission with one completed turn that used a tool; the same for all cases, so none may change it. */
export const finished = (): Promise<string> => {
  ran ??= sayAndWait('REASON Looking.\nTOOL write {"filePath":"a.txt","content":"a"}\nSAY Ran.');
  return ran;
};
