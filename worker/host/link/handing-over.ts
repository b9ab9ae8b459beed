/**
 * What a host is told of commands that have no end (protocol §2): `welcome` names those that it has, by their ids
 * alone; the others follow with their texts, in `commands` frames that are no larger than a host accepts.
 */
import type { Command } from '../../../shared/commands.ts';
import type { Hello, Interrupt, Welcome } from '../../../shared/frames.ts';
import { maxWelcomed } from '../../../shared/limits.ts';
import { markReceived, openAnswers, toAnswer } from '../asks/answers.ts';
import type { HostContext } from '../context.ts';
import { markMessage, messageAt, toCommand, unmetWishes } from '../messages/messages.ts';
import { messagesInFlight } from '../messages/waiting.ts';
import { getMission } from '../missions/missions.ts';
import { markOrderReceived, openOrders } from '../missions/orders.ts';
import type { Due } from '../missions/slots.ts';

/** What a host has in its inbox was received, also where its word for it was lost. */
export const storePresent = (sql: SqlStorage, { commands }: Hello): void => {
  const here = new Set<string>(commands);
  for (const { id, state } of messagesInFlight(sql))
    if (state === 'sent' && here.has(id)) markMessage(sql, id, 'received');
  for (const { id, received } of openAnswers(sql)) if (received === 0 && here.has(id)) markReceived(sql, id);
  for (const { command } of openOrders(sql)) if (here.has(command.id)) markOrderReceived(sql, command.id);
};

/**
 * The commands that `welcome` names: all that a host has and that are not over. An answer beyond what the frame holds
 * is given up by the host, which says so, and its question can be answered again.
 */
export const welcomedCommands = (sql: SqlStorage): Welcome['commands'] => {
  const messages = messagesInFlight(sql).filter(({ state }) => state !== 'sent');
  const answers = openAnswers(sql).filter(({ received }) => received === 1);
  const orders = openOrders(sql).filter(({ received }) => received);
  return [
    ...messages.map(({ id, mission }) => ({ id, mission, kind: 'message' })),
    ...answers.map(({ id, mission }) => ({ id, mission, kind: 'answer' })),
    ...orders.map(({ command: { id, mission, kind } }) => ({ id, mission, kind })),
  ]
    .slice(0, maxWelcomed)
    .map((command) => ({ received: true, command }));
};

/** Wishes to stop a command: those that `welcome` has room for, and the rest, which follow it. */
export const wishes = (sql: SqlStorage): { welcomed: Interrupt[]; others: Interrupt[] } => {
  const all = unmetWishes(sql);
  return { welcomed: all.slice(0, maxWelcomed), others: all.slice(maxWelcomed) };
};

/** Commands that a host was told and does not have, in order. */
export function* missingCommands({ sql }: HostContext): Generator<Command> {
  for (const message of messagesInFlight(sql)) {
    const mission = message.state === 'sent' ? getMission(sql, message.mission) : null;
    if (mission) yield toCommand(sql, message, mission);
  }
  for (const answer of openAnswers(sql)) {
    const command = answer.received === 0 ? toAnswer(sql, answer.id) : null;
    if (command) yield command;
  }
}

/** The commands of messages that are due, each made when the one before was sent. */
export function* commandsAt(sql: SqlStorage, due: readonly Due[]): Generator<Command> {
  for (const { ord } of due) {
    const message = messageAt(sql, ord);
    const mission = message && getMission(sql, message.mission);
    if (mission) yield toCommand(sql, message, mission);
  }
}
