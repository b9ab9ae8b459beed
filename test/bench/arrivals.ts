// When which token of the model reached one reader. Nothing is parsed while it is measured.
import { request } from 'node:http';

/** A token of the scripted model's STAMPS: which answer, which token, when it left the model (epoch ms). */
const token = /(\d+\.\d+)@(\d+) /g;
/** No token is longer; a piece cut in the middle of one is looked at again together with the next. */
const longestToken = 48;

export interface Recording {
  /** First arrival of each token, in epoch milliseconds, and its delay since it left the model. */
  tokens(): Map<string, { at: number; delayMs: number }>;
  bytes(): number;
  close(): void;
}

const nowMs = (): number => performance.timeOrigin + performance.now();

/** Reads an HTTP stream from now on and notes when its pieces came. Resolves when it is open. */
export const record = (url: string, headers: Record<string, string>): Promise<Recording> =>
  new Promise((resolve, reject) => {
    const pieces: { at: number; text: Buffer }[] = [];
    let bytes = 0;
    const outgoing = request(url, { headers }, (response) => {
      if (response.statusCode !== 200) {
        reject(new Error(`${url} answered ${response.statusCode}`));
        return;
      }
      response.on('data', (text: Buffer) => {
        pieces.push({ at: nowMs(), text });
        bytes += text.byteLength;
      });
      response.on('error', () => undefined); // Our own close ends it.
      resolve({ tokens: () => tokensIn(pieces), bytes: () => bytes, close: () => outgoing.destroy() });
    });
    outgoing.on('error', reject); // After it has resolved, only our own close.
    outgoing.end();
  });

const tokensIn = (pieces: readonly { at: number; text: Buffer }[]): Map<string, { at: number; delayMs: number }> => {
  const found = new Map<string, { at: number; delayMs: number }>();
  let rest = '';
  for (const { at, text } of pieces) {
    const window = rest + text.toString('latin1');
    let end = 0;
    for (const match of window.matchAll(token)) {
      const [whole, id = '', sent] = match;
      if (!found.has(id)) found.set(id, { at, delayMs: at - Number(sent) });
      end = match.index + whole.length;
    }
    // Never from the middle of a token that was seen: its tail would look like another.
    rest = window.slice(Math.max(end, window.length - longestToken));
  }
  return found;
};
