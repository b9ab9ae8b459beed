import * as z from 'zod';
import { eventSplitter } from '../../host-agent/opencode/api/stream.ts';

/** The little that the recorder and tests read of a frame of `GET /global/event`. */
const Frame = z.object({
  payload: z.looseObject({
    type: z.string(),
    properties: z.looseObject({ sessionID: z.string().optional() }).optional(),
  }),
});

/** Opens `GET /global/event` and keeps every frame's JSON text in order of arrival. */
export const collectFrames = async ({ url, authorization }: { url: string; authorization: string }) => {
  const texts: string[] = [];
  const closing = new AbortController();
  const changes = new EventTarget();
  let lastChangeAt = performance.now();
  const response = await fetch(`${url}/global/event`, { headers: { authorization }, signal: closing.signal });
  const { body } = response;
  if (!response.ok || body === null) throw new Error(`GET /global/event answered ${response.status}`);

  const read = async (): Promise<void> => {
    const split = eventSplitter();
    for await (const piece of body.pipeThrough(new TextDecoderStream())) {
      const frames = split(piece);
      texts.push(...frames);
      if (frames.some((frame) => !frame.includes('"server.heartbeat"'))) lastChangeAt = performance.now();
      changes.dispatchEvent(new Event('frames'));
    }
  };
  const reading = read().catch((error: unknown) => {
    if (!closing.signal.aborted) throw error; // our own end of it
  });

  return {
    texts,
    /** Milliseconds since the last frame that is no heartbeat. */
    quietMs: (): number => performance.now() - lastChangeAt,
    /** Resolves with the first frame from `from` on, past or future, that satisfies `matches`. */
    until: (
      matches: (type: string, sessionId: string | undefined, text: string) => boolean,
      from = 0,
    ): Promise<string> =>
      new Promise((resolve) => {
        let next = from;
        const look = (): void => {
          for (; next < texts.length; next++) {
            const text = texts[next] ?? '';
            const { payload } = Frame.parse(JSON.parse(text));
            if (!matches(payload.type, payload.properties?.sessionID, text)) continue;
            changes.removeEventListener('frames', look);
            resolve(text);
            return;
          }
        };
        changes.addEventListener('frames', look);
        look();
      }),
    close: async (): Promise<void> => {
      closing.abort();
      await reading;
    },
  };
};
