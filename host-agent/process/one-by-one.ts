/** A queue of its own: what it is given runs once all that came before has ended, and settles as it does. */
export const oneByOne = () => {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(work: () => Promise<T>): Promise<T> => {
    const run = last.then(work);
    last = run.catch(() => undefined); // Its caller hears of it.
    return run;
  };
};
