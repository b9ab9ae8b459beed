// A viewer that looks at nothing but how far it has come, so that reading costs as little as it can.
import { request } from 'node:http';

const longestMark = 24;

/** Text that tells a marked stream how far it is; it has to stand in an event. */
export const markText = (mark: number): string => `bench-mark-${mark}-`;

export interface MarkedStream {
  /** Resolves when this mark, or a later one, has been seen. Rejects when the stream ends before. */
  reached(mark: number): Promise<void>;
  bytes(): number;
  close(): void;
}

/** Resolves with the first bytes of the stream. */
export const watchMarks = (url: string, headers: Record<string, string>): Promise<MarkedStream> =>
  new Promise((resolve, reject) => {
    let rest = '';
    let at = -1;
    let bytes = 0;
    let isOver = false;
    let look = (): void => undefined;
    const outgoing = request(url, { headers }, (response) => {
      const stream: MarkedStream = {
        reached: (mark) =>
          new Promise((found, lost) => {
            look = () => {
              if (at >= mark) found();
              else if (isOver) lost(new Error('a viewer was let go before it had seen everything'));
            };
            look();
          }),
        bytes: () => bytes,
        close: () => outgoing.destroy(),
      };
      response.on('data', (piece: Buffer) => {
        const text = rest + piece.toString('latin1');
        bytes += piece.byteLength;
        for (const [, mark] of text.matchAll(/bench-mark-(\d+)-/g)) at = Math.max(at, Number(mark));
        rest = text.slice(-longestMark);
        look();
        resolve(stream);
      });
      response.on('error', () => undefined); // 'close' follows.
      response.on('close', () => {
        isOver = true;
        look();
      });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
