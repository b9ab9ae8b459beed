/** The contract's words for an object that cannot be reached (§1.4). */
export const objectAwayText = 'control session unavailable';

/** Marks that the runtime sets on errors which are its own and not the object's. */
type Mark = 'retryable' | 'overloaded' | 'durableObjectReset';
const has = (cause: unknown, mark: Mark): boolean => cause instanceof Error && Reflect.get(cause, mark) === true;

/** Trying again may help and does no harm. */
export const isPassing = (cause: unknown): boolean => has(cause, 'retryable') && !has(cause, 'overloaded');

/** The object did not answer, because it moved, was deployed anew, has too much to do, or failed at its start. */
export const isObjectAway = (cause: unknown): boolean =>
  has(cause, 'retryable') || has(cause, 'overloaded') || has(cause, 'durableObjectReset');
