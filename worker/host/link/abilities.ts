import type { Hello } from '../../../shared/frames.ts';
import { changeCapabilities } from '../effects/facts.ts';
import { setOrderKinds } from '../missions/orders.ts';
import { setPrepares } from '../missions/prepared.ts';
import { setSlots } from '../missions/slots.ts';
import type { Change } from '../record/change.ts';

/** Stores what a host says it can do. Call it inside a transaction. */
export const setAbilities = (sql: SqlStorage, capabilities: Hello['capabilities']): Change => {
  setSlots(sql, capabilities.slots);
  setOrderKinds(sql, capabilities.orders);
  setPrepares(sql, capabilities.prepares);
  changeCapabilities(sql, capabilities);
  return { recorded: [], touched: [] };
};
