import type { HostEvent } from '../../../shared/events.ts';
import type { Src } from '../../../shared/frames.ts';
import type { MissionId } from '../../../shared/ids.ts';
import { storedView } from '../../../shared/tool-view.ts';
import type { Durable } from '../../opencode/api/events.ts';
import type { Redactor } from '../../process/redact.ts';
import type { OutboxRow } from '../../store/outbox-row.ts';
import { short } from './error-text.ts';
import { preview } from './preview.ts';
import { storable } from './storable.ts';
import type { OpenTexts } from './text.ts';
import type { Made } from './translation.ts';

/**
 * Places between two things made from one event of OpenCode. A text's end becomes one or several rows, depending on
 * what was sent before; the last of them always has the highest place, so that a restored store never repeats any
 * (protocol §1 `src`).
 */
const places = 1_000;

export interface RowContext {
  mission: MissionId;
  source: string;
  at: number;
  redactor: Redactor;
  texts: OpenTexts;
}

/** Rows for what one durable event became: redacted, small enough, with their source. */
export const rowsOf = (row: Durable, made: readonly Made[], context: RowContext): OutboxRow[] =>
  made.flatMap((each, index) => {
    const last = (index + 1) * places - 1;
    if (each.kind === 'close') {
      const events = context.texts.close(each.part, each.text);
      return events.map((event, place) => outboxRow(row, event, last - (events.length - 1 - place), context));
    }
    if (each.event.type === 'part.opened') context.texts.open(each.event.part, 0);
    return [outboxRow(row, small(clean(each.event, context.redactor), each.where, row), last, context)];
  });

const outboxRow = (row: Durable, event: HostEvent, index: number, { at, mission, source }: RowContext): OutboxRow => {
  const src: Src = { source, session: row.session, seq: row.seq, event: row.id, index };
  return { at, mission, src, event };
};

/** Texts of the model are redacted as they come (text.ts); here is what tools and providers say. */
export const clean = (event: HostEvent, redactor: Redactor): HostEvent => {
  switch (event.type) {
    case 'tool.called':
      return { ...event, name: redactor.text(event.name), args: redactor.deep(event.args) };
    case 'tool.result':
      return {
        ...event,
        name: redactor.text(event.name),
        result: redactor.deep(event.result),
        ...(event.view === undefined ? {} : { view: storedView.safeParse(redactor.deep(event.view)).data }),
      };
    case 'request.asked':
      return { ...event, body: preview(redactor.deep(event.body), 'OpenCode') };
    case 'request.ended':
      return event.answer === undefined
        ? event
        : { ...event, answer: preview(redactor.deep(event.answer), 'OpenCode') };
    case 'turn.error':
      return { ...event, message: short(redactor.text(event.message)) };
    case 'turn.ended':
      return storable({ ...event, text: short(redactor.text(event.text)) });
    case 'command.finished':
      return { ...event, text: short(redactor.text(event.text)) };
    case 'host.note':
      return { ...event, text: redactor.text(event.text) };
    default:
      return event;
  }
};

const small = (event: HostEvent, where: string | undefined, row: Durable): HostEvent => {
  const place = where ?? `OpenCode's session ${row.session}`;
  if (event.type === 'tool.called') return { ...event, args: preview(event.args, place) };
  if (event.type === 'tool.result') return { ...event, result: preview(event.result, place) };
  return event;
};
