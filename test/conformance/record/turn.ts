// One turn as both renderings tell it, and what is shown of it afterwards.
import { readStream, type StreamReader } from '../../support/sse-reader.ts';
import { colourQuestion } from '../colour-question.ts';
import { newMission } from '../routes/fixtures.ts';
import { me, stack, token } from '../stage.ts';
import { as, settled } from './everybody.ts';
import type { Asked } from './exchange.ts';
import type { Masking } from './mask.ts';
import { record, write } from './writing.ts';

const todo = (content: string, status: string) => ({ content, status, priority: 'high' });
const todos = JSON.stringify({ todos: [todo('Read', 'completed'), todo('Write', 'in_progress')] });
const helper = JSON.stringify({ description: 'Look around', prompt: 'SAY Found.', subagent_type: 'general' });

/** What a turn can have in it; with a gate where something has to be seen before the next begins. */
export const turns = {
  'words and a tool': (gate: string) =>
    `REASON Looking.\nTOOL write {"filePath":"list.txt","content":"x"}\nWAIT ${gate}\nREASON Seen.\nSAY Two folders.`,
  'text in pieces': (gate: string) => `REASON Long\nSAY One \nWAIT ${gate}\nSAY two.`,
  'a tool that fails': () => 'TOOL read {"filePath":"nowhere.txt"}\nSAY It is not there.',
  'a to-do list': (gate: string) => `TOOL todowrite ${todos}\nWAIT ${gate}\nSAY Going on.`,
  'a sub-agent': () => `TOOL task ${helper}\nSAY Told by the agent.`,
  'an error of the provider': () => 'ERROR 400',
  'nothing at all': () => 'END stop',
};
export const asking = `TOOL question ${colourQuestion}\nSAY Thanks.`;

/**
 * What a stream told. How text was cut into pieces is chance: they are left out, but for one turn where some must come.
 */
const told = ({ events }: StreamReader, mission: string, withPieces: boolean): string[] => {
  const lines: string[] = [];
  const ofUser: string[] = [];
  let last = '';
  for (const { id, name, data } of events) {
    if ('mission_id' in data && data.mission_id !== mission) continue;
    const isPiece = (name === 'thinking' && data.done === false) || /delta|text|checkpoint/.test(name);
    if (isPiece && !withPieces) continue;
    const kind = `${name} ${String(data.done)}`;
    if (isPiece && kind === last) lines.pop();
    last = kind;
    // Errors of the user come when they come: the Worker writes them, not the log.
    const isOfUser = name === 'error' && !('mission_id' in data);
    (isOfUser ? ofUser : lines).push(
      `${id === null ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}`,
    );
  }
  return [...lines, ...ofUser];
};

/** Takes one turn: both streams from before it, the same again by a reload, and what another user gets to see. */
export const recordTurn = async (
  title: string,
  script: string,
  mask: Masking,
  meanwhile?: (mission: string) => Promise<void>,
) => {
  const url = `${stack().url()}/api/control/stream`;
  const headers = { authorization: `Bearer ${token()}` };
  const mission = await newMission(title);
  await settled();
  const streams = await Promise.all(['', '?format=delta'].map((query) => readStream(url + query, headers)));
  await me().say(script, mission);
  await meanwhile?.(mission);
  for (const stream of streams) {
    const end = await stream.until(
      ({ name, data }) => /^(assistant_message|error|turn\.ended)$/.test(name) && data.mission_id === mission,
    );
    await stream.until(
      (event) =>
        stream.events.indexOf(event) > stream.events.indexOf(end) &&
        event.name === 'status' &&
        event.data.mission_id === mission &&
        event.data.state === 'idle',
    );
  }
  await settled();
  for (const [n, stream] of streams.entries()) {
    stream.close();
    write(
      mask(
        `## ${n === 0 ? 'default' : 'delta'} stream of: ${title}\n${told(stream, mission, title === 'text in pieces').join('\n')}`,
      ),
    );
  }
  const at = `/api/control/missions/${mission}`;
  const after: Asked[] = [
    '',
    '/events',
    '/tree',
    '/events?types=tool_call,tool_result',
    '/events?limit=2&offset=1',
  ].map((tail) => ({ method: 'GET', path: at + tail }));
  after.push({ method: 'POST', path: `${at}/load` }, { method: 'GET', path: '/api/control/progress' });
  after.push({ method: 'GET', path: '/api/stats' }, { method: 'GET', path: '/api/runs?limit=1' });
  after.push({ method: 'GET', path: `/api/control/stream?mission_id=${mission}` });
  after.push({ method: 'GET', path: `/api/control/stream?mission_id=${mission}&format=delta&after=start` });
  after.push({ method: 'GET', path: '/api/control/stream?format=delta', headers: { 'last-event-id': 'garbage' } });
  after.push({ method: 'GET', path: '/api/control/stream', headers: { 'last-event-id': 'garbage' } });
  for (const asked of after) for (const who of ['bob', 'ada'] as const) await record(await as(who, asked), who, mask);
};
