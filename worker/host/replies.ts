import type { MissionJson, QueuedJson, StoredEventJson } from '../../shared/api.ts';
import type { AskAnswer } from '../../shared/commands.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import type { CommandId, MissionId } from '../../shared/ids.ts';

/** Answers cross the object's RPC as values: a thrown error would lose its code on the way. */
export type Reply<T> = { ok: true; value: T } | { ok: false; code: ErrorCode; message: string };

export const reply = <T>(value: T): Reply<T> => ({ ok: true, value });
export const refuse = (code: ErrorCode, message: string): { ok: false; code: ErrorCode; message: string } => ({
  ok: false,
  code,
  message,
});

export interface NewMission {
  id: MissionId;
  owner: string;
  workspace: string;
  title: string | null;
  agent: string | null;
  model: string | null;
}

/** A message as routed by the Worker; `at` is the moment it was taken in and never changes on a repeat. */
export interface NewMessage {
  id: CommandId;
  mission: MissionId;
  content: string;
  agent: string | null;
}

/**
 * A person's answer to a question or permission, which is named by its id or (a question) by the tool call that asks.
 * With a tool call, null `answers` mean that what the client sent could not be understood. `by` is the person's name.
 */
export interface NewAnswer {
  id: CommandId;
  by: string;
  said: AskAnswer | { tool_call_id: string; answers: string[][] | null };
}

/** A page of a list, about 512 KB; `next` names the entry behind which the following one begins, null at the end. */
export interface Listed<T> {
  list: T[];
  next: string | null;
}

/** A page of what waits; `total`: how many messages that is in all. */
export interface QueuePage extends Listed<QueuedJson> {
  total: number;
}

/** Which entries of a conversation are wanted. */
export interface HistoryPage {
  offset: number;
  limit: number;
}

/** A mission with some entries of its conversation: how many there are, and where the next page begins, or null. */
export type MissionPage = MissionJson & { total: number; more: number | null };

export interface EventsQuery {
  types: string[] | null;
  /** First `sequence` wanted, from 1. */
  from: number;
  /** In its place: how many events stand before the first that is wanted. */
  index?: number;
  /**
   * Among the messages that wait: behind which one, by its place in the queue; absent while there may be rows before
   * them.
   */
  after?: number;
  /** Also those that left the log, where the archive has them. */
  archived?: boolean;
  /** Most rows wanted. */
  limit: number;
}

/** `next` is where the following page begins, null at the end. */
export interface EventsPage {
  events: StoredEventJson[];
  next: Pick<EventsQuery, 'from' | 'after'> | null;
}
