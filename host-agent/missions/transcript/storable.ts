import { type HostEvent, noUsage } from '../../../shared/events.ts';
import { refusalOf } from '../../store/outbox-row.ts';

type TurnEnded = Extract<HostEvent, { type: 'turn.ended' }>;

/** An assistant message in more pieces than an event can name; the newest of them have what it came to. */
const maxAnswerParts = 2_000;

const lostText = 'The turn ended, but what it had to say at its end could not be stored.';

/**
 * A turn's end that can be stored, whatever it was given: what the log would refuse is left out, first what people miss
 * least. For a mission whose end is refused would be running for ever.
 */
export const storable = (event: TurnEnded): TurnEnded => {
  const whole: TurnEnded = { ...event, answer: event.answer.slice(-maxAnswerParts) };
  const poorer: TurnEnded[] = [
    whole,
    { ...whole, usage: noUsage },
    { ...whole, usage: noUsage, model: null },
    { ...whole, usage: noUsage, model: null, answer: [], text: lostText },
  ];
  return poorer.find((each) => refusalOf(each) === null) ?? whole;
};
