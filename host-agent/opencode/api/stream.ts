import { createParser } from 'eventsource-parser';
import { doubled, spread } from '../../../shared/backoff.ts';
import { type Cancel, type Clock, wait } from '../../../shared/clock.ts';
import type { Log } from '../../process/log.ts';
import { trouble } from '../../process/trouble.ts';
import type { EndpointFile } from './endpoint.ts';
import { type OpenCodeEvent, parseOpenCodeEvent } from './events.ts';
import { OpenCodeAway } from './failure.ts';

/** OpenCode sends a heartbeat every 10 s (opencode §7.1). */
const silenceMs = 25_000;
/** A start of OpenCode takes a second; while it is away we look again this soon, then less often. */
const redialMinMs = 100;
const redialMaxMs = 2_000;
/** One event of OpenCode holds a whole tool output; beyond this the stream is not what we think it is. */
const maxEventChars = 64 * 1024 * 1024;
/** Reasons told of what one connection brought and could not be read; more of them say no more. */
const maxReasons = 100;

export interface StreamSink {
  /** Events from here on belong to this OpenCode process; what came before it was connected is missing. */
  opened(process: string): void;
  /** What one read brought, in order. */
  events(events: OpenCodeEvent[]): void;
  lost(): void;
}

/**
 * Holds `GET /global/event` until `signal` aborts, dialling again after every loss. The stream is always read on,
 * because OpenCode buffers for a slow reader without bound (opencode §7.1).
 */
export const holdStream = async (
  endpoint: EndpointFile,
  sink: StreamSink,
  { clock, log }: { clock: Clock; log: Log },
  signal: AbortSignal,
): Promise<void> => {
  let failures = 0;
  const reading = trouble(log, 'opencode.stream_failed');
  while (!signal.aborted) {
    try {
      await readOnce(endpoint, sink, { clock, log }, signal, () => {
        failures = 0;
        reading.over();
      });
      log.warn('opencode.stream_ended', {});
    } catch (error) {
      if (signal.aborted) return;
      reading.failed(error, error instanceof OpenCodeAway ? 'debug' : 'warn');
    }
    endpoint.failed();
    // The wait is random, because several host-agents may wait for one OpenCode. If it is aborted, we are stopping.
    const waitMs = spread(doubled(redialMinMs, redialMaxMs, failures++));
    await wait(clock, waitMs, signal).catch(() => undefined);
  }
};

const readOnce = async (
  endpoint: EndpointFile,
  sink: StreamSink,
  { clock, log }: { clock: Clock; log: Log },
  signal: AbortSignal,
  opened: () => void,
) => {
  const { url, authorization, process } = endpoint.get();
  const silent = new AbortController();
  const awaitSilence = (): Cancel =>
    clock.after(silenceMs, () => silent.abort(new Error(`no event for ${silenceMs} ms`)));
  let stopListening = awaitSilence();
  let isOpen = false;
  try {
    const response = await fetch(`${url}/global/event`, {
      headers: { authorization },
      signal: AbortSignal.any([signal, silent.signal]),
    });
    if (!response.ok || !response.body) throw new Error(`OpenCode's event stream answered ${response.status}`);
    isOpen = true;
    opened();
    sink.opened(process);
    const split = eventSplitter();
    const understood = reader(log);
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      stopListening();
      stopListening = awaitSilence();
      const events = split(chunk).flatMap(understood);
      if (events.length > 0) sink.events(events);
    }
  } finally {
    stopListening();
    if (isOpen) sink.lost();
  }
};

/**
 * Reads the texts of one connection. What it can't read is logged once for each reason: a tool that grows is told
 * hundreds of times.
 */
const reader = (log: Log): ((text: string) => OpenCodeEvent[]) => {
  const said = new Set<string>();
  const say = (event: string, reason: string, fields: object): void => {
    if (said.has(reason) || said.size >= maxReasons) return;
    said.add(reason);
    log.warn(event, { ...fields, problem: reason });
  };
  return (text) => {
    try {
      const event = parseOpenCodeEvent(text);
      if (event?.kind === 'durable' && event.fact.kind === 'other' && event.fact.problem)
        say('opencode.unknown_shape', event.fact.problem, { session: event.session, seq: event.seq });
      return event ? [event] : [];
    } catch (error) {
      // A hole in seq shows when it mattered, and is filled from the history.
      say('opencode.bad_frame', error instanceof Error ? error.message : String(error), {});
      return [];
    }
  };
};

/**
 * Cuts the stream into the data of its events, which is all that OpenCode sends (opencode §7.1). Throws on one that is
 * too long.
 */
export const eventSplitter = (): ((chunk: string) => string[]) => {
  const whole: string[] = [];
  const parser = createParser({
    maxBufferSize: maxEventChars,
    onEvent: ({ data }) => void whole.push(data),
    onError: ({ type }) => {
      // Other lines that are not of an event mean nothing, as everywhere.
      if (type === 'max-buffer-size-exceeded') throw new Error(`an event of more than ${maxEventChars} characters`);
    },
  });
  return (chunk) => {
    parser.feed(chunk);
    return whole.splice(0);
  };
};
