/** Names of the `Host` objects that were woken, in order: each construction is one. */
const woken: string[] = [];

/** For the Worker of these tests. */
export const noteWoken = (name: string | undefined): void => {
  if (name !== undefined) woken.push(name);
};

/** Those that `what` wakes. */
export const wokenBy = async (what: () => Promise<unknown>): Promise<string[]> => {
  const before = woken.length;
  await what();
  return woken.slice(before);
};
