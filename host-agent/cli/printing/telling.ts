/** Lines in words: the answer on standard output as it comes, what is on the way to it on standard error. */

import { assertNever } from '../../../shared/errors.ts';
import { beginningOf } from '../../../shared/text.ts';
import type { Line } from '../following/lines.ts';
import { askText } from './ask-text.ts';
import type { Ends } from './ends.ts';
import { plain, plainLine, showable } from './plain.ts';
import type { Printer, PrinterOptions } from './printer.ts';
import { newTwoEnds } from './two-ends.ts';

/** A tool's arguments or result are named in passing, not read there. */
const lineChars = 160;

type TextLine = Extract<Line, { type: 'text' }>;

/** What is on the way to the answer is shown to somebody at a terminal, and with `verbose`. */
export const newTelling = (ends: Ends, { verbose = false, conversation = false }: PrinterOptions): Printer => {
  const page = newTwoEnds(ends);
  const withSteps = verbose || ends.isWatched;
  /** Of each part that grows: its length so far, what waits for its other half, and whether it is beside the answer. */
  const growing = new Map<string, { length: number; later: string; isAside: boolean }>();
  /** Of each call that prints: how far it was shown, and what waits for its other half. */
  const printing = new Map<string, { end: number; later: string }>();
  let wasAnswered = false;

  const step = (text: string): void => {
    if (withSteps) page.note(ends.dim(text));
  };

  const put = (part: string, text: string, isAside: boolean): void => {
    if (!isAside) {
      wasAnswered = true;
      page.say(part, plain(text));
    } else if (withSteps) page.think(part, plain(text));
  };

  const grow = ({ part, kind, parent_call, off, text }: TextLine): void => {
    const before = growing.get(part);
    const isAside = kind === 'reasoning' || parent_call !== undefined;
    if (before && off < before.length && text !== '' && !isAside) page.note('The text was corrected from here on:');
    const { now, later } = showable((before?.later ?? '') + text);
    growing.set(part, { length: off + text.length, later, isAside });
    put(part, now, isAside);
  };

  const print = ({ id, off, text }: Extract<Line, { type: 'output' }>): void => {
    const before = printing.get(id) ?? { end: 0, later: '' };
    const missing = off - before.end;
    if (missing > 0) step(`[${missing} characters of the output are not shown here]`);
    const { now, later } = showable((missing > 0 ? '' : before.later) + text);
    printing.set(id, { end: off + text.length, later });
    if (withSteps) page.think(id, plain(now));
  };

  const endText = (part: string): void => {
    const known = growing.get(part);
    if (known) put(part, known.later, known.isAside);
    growing.delete(part);
    page.end(part);
  };

  const end = ({ outcome, text, model, cost_usd }: Extract<Line, { type: 'end' }>): void => {
    if (outcome === 'completed') {
      // It was shown as it came, unless it was there before anybody looked.
      if (!wasAnswered) page.say('answer', plain(text));
      page.end(null);
      const by = model === null ? '' : ` by ${plainLine(model)}`;
      if (cost_usd !== null) step(`Done${by}, $${cost_usd.toFixed(4)}.`);
    } else {
      page.end(null);
      page.note(`The turn ${endWords[outcome]}: ${plain(text) || 'nobody said why.'}`);
    }
    wasAnswered = false;
  };

  const show = (line: Line): void => {
    switch (line.type) {
      case 'mission':
        step(`Mission ${line.id}${line.title ? `: ${plainLine(line.title)}` : ''}`);
        break;
      case 'message':
        if (conversation) page.say(`message ${line.id}`, `${plain(line.content).replace(/^/gm, '> ')}\n`);
        else if (line.queued) step(`The message waits for its turn: ${short(line.content)}`);
        break;
      case 'text':
        grow(line);
        break;
      case 'text_end':
        endText(line.part);
        break;
      case 'thought':
        // The answer is among them, so they are for who wants to see everything.
        if (verbose) page.note(ends.dim(plain(line.text)));
        break;
      case 'tool':
        step(`${line.parent_call === undefined ? '' : '  '}→ ${plainLine(line.name)} ${short(inWords(line.args))}`);
        break;
      case 'output':
        print(line);
        break;
      case 'tool_result':
        printing.delete(line.id);
        page.end(line.id);
        step(`${line.failed ? '✗' : '←'} ${plainLine(line.name)} ${short(inWords(line.result))}`);
        break;
      case 'request':
        page.note(askText(line));
        break;
      case 'request_end':
        step(line.outcome === 'expired' ? 'Nobody can answer this any more.' : 'It was answered.');
        break;
      case 'error':
        page.note(`The agent met an error: ${plain(line.message)}`);
        break;
      case 'connection':
        page.note(line.state === 'away' ? 'The edge does not answer; trying again …' : 'The edge answers again.');
        break;
      case 'end':
        end(line);
        break;
      case 'turn':
      case 'status':
        break;
      default:
        assertNever(line);
    }
  };
  return { show, note: page.note };
};

const endWords = {
  failed: 'failed',
  cancelled: 'was cancelled',
  interrupted: 'was interrupted',
  blocked: 'ended without a whole answer',
} as const;

const inWords = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

const short = (text: string): string => {
  // Cut before it is cleaned: a tool's result may be megabytes.
  const line = plainLine(text.slice(0, 4 * lineChars));
  return line.length > lineChars ? `${beginningOf(line, lineChars)}…` : line;
};
