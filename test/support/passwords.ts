/** The only user of an edge with one password. */
export const password = 'correct horse';

/** Everybody's password in the edge tests, in the Worker's configuration as in the objects'. */
export const passwordOf = (username: string): string => (username === 'default' ? password : `password of ${username}`);
