/**
 * Orders: what a host is to do about a mission as a whole (protocol §4). Each is a command with one end; its row leaves
 * with that. A server may be away for weeks, so they are kept, and given a bounded number at a time.
 */
import * as z from 'zod';
import { type OrderCommand, type OrderKind, orderKinds } from '../../../shared/commands.ts';
import type { Hello } from '../../../shared/frames.ts';
import { type CommandId, commandId, type MissionId } from '../../../shared/ids.ts';
import { maxOpenOrders } from '../../../shared/limits.ts';
import type { HostContext } from '../context.ts';
import { awaited, awaitRow, takeAwaited } from '../log/awaited.ts';
import { remembered } from '../remembered.ts';
import { getMeta, setMeta } from '../tables.ts';
import { getMission, type Mission } from './missions.ts';

type Order = {
  id: CommandId;
  mission: MissionId;
  kind: OrderKind;
  at: number;
  workspace: string;
  received: number;
};

/** Wants this done on the host; one that is wanted already stays as it is. Call it inside a transaction. */
export const giveOrder = (
  sql: SqlStorage,
  kind: OrderKind,
  { id, workspace }: { id: string; workspace: string },
  at: number,
): void => {
  sql.exec(
    'INSERT INTO orders (id, mission, kind, at, workspace) VALUES (?, ?, ?, ?, ?) ON CONFLICT (mission, kind) DO NOTHING',
    crypto.randomUUID(),
    id,
    kind,
    at,
    workspace,
  );
};

/** Frees what a mission that was closed or deleted holds on its host; of one that never ran there is nothing. */
export const archive = ({ sql, now }: HostContext, mission: Mission): void => {
  if (mission.endedTurn !== null && mission.turn === null) giveOrder(sql, 'mission.archive', mission, now());
};

/**
 * The same of one that was deleted, whose agents leave nothing running behind. One that is wanted already may have been
 * given before the deletion.
 */
export const archiveDeleted = (host: HostContext, mission: Mission): void => {
  host.sql.exec("DELETE FROM orders WHERE mission = ? AND kind = 'mission.archive'", mission.id);
  archive(host, mission);
};

/** Stores which kinds the host understands. Undefined: an older one, which understands none and is given none. */
export const setOrderKinds = (sql: SqlStorage, kinds: readonly string[] | undefined): void =>
  setMeta(sql, 'orders', orderKinds.filter((kind) => kinds?.includes(kind)).join(' '));

/** Whether there is any that the host has not confirmed. Cheap enough to be asked with every frame. */
export const hasNewOrders = (sql: SqlStorage): boolean =>
  newOrders.get(
    sql,
    '',
    () => sql.exec('SELECT 1 FROM orders INDEXED BY orders_new WHERE received = 0 LIMIT 1').toArray().length > 0,
  );

const newOrders = remembered<boolean>('orders');

/** Those that the host has or may be given now, in order. */
export const openOrders = (sql: SqlStorage): { received: boolean; command: OrderCommand }[] => {
  const known = getMeta(sql, 'orders') ?? '';
  if (known === '') return [];
  return sql
    .exec<Order>('SELECT * FROM orders ORDER BY ord LIMIT ?', maxOpenOrders)
    .toArray()
    .filter(({ kind }) => known.split(' ').includes(kind))
    .map(({ received, workspace, ...order }) => {
      const mission = getMission(sql, order.mission);
      const owner = mission?.owner || undefined; // Of one that was taken back it is nobody.
      const args = { workspace, owner, deleted: (mission?.deleted_at ?? null) !== null };
      return { received: received === 1, command: { ...order, args } };
    });
};

export const markOrderReceived = (sql: SqlStorage, id: string): void => {
  sql.exec('UPDATE orders SET received = 1 WHERE id = ? AND received = 0', id);
};

/** The kind of an order without an end, and its mission; null: this id is of none. */
export const orderOf = (sql: SqlStorage, id: string): Pick<Order, 'kind' | 'mission'> | null =>
  sql.exec<Order>('SELECT * FROM orders WHERE id = ?', id).toArray()[0] ?? null;

/** Ends an order. False for a second end. */
export const endOrder = (sql: SqlStorage, id: string): boolean =>
  sql.exec('DELETE FROM orders WHERE id = ? RETURNING 1', id).toArray().length > 0;

const absence = z.object({ orders: z.array(commandId) });

/**
 * Notes which orders a host had and has no more; concluded, like all absence, when the log has come as far as the list.
 */
export const storeOrdersAbsent = (sql: SqlStorage, { at, commands }: Hello): void => {
  const here = new Set<string>(commands);
  const orders = sql
    .exec<Order>('SELECT * FROM orders ORDER BY ord LIMIT ?', maxOpenOrders)
    .toArray()
    .flatMap(({ id, received }) => (received === 0 || here.has(id) ? [] : [id]));
  if (orders.length === 0 && awaited(sql, 'absence.orders', absence) === null) return;
  awaitRow(sql, 'absence.orders', at, orders.length === 0 ? null : { orders });
};

/**
 * What the host has lost is given again, under another id: of the one before it may know that it has ended, from a copy
 * of its store. To do it twice is the same as once.
 */
export const concludeOrders = (sql: SqlStorage): void => {
  for (const id of takeAwaited(sql, 'absence.orders', absence)?.orders ?? [])
    sql.exec('UPDATE orders SET id = ?, received = 0 WHERE id = ?', crypto.randomUUID(), id);
};
