/**
 * Sets a value of a map in memory that keeps the newest ones, as many as `most`: what an isolate remembers must not
 * grow with the people who come by.
 */
export const keepNewest = <Key, Value>(map: Map<Key, Value>, most: number, key: Key, value: Value): void => {
  map.delete(key);
  map.set(key, value);
  const oldest = map.keys().next();
  if (map.size > most && !oldest.done) map.delete(oldest.value);
};
